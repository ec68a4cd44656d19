import type { Tree } from '../yaml-tree.ts';
import { child, items, textOf } from '../yaml-tree.ts';

/** A contradiction between fields, at the data's path. */
export interface CrossIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

const ASKS_NO_ORIGIN: ReadonlySet<string> = new Set(['rewrite', 'off']);
const MISSES_ONLY: ReadonlySet<string> = new Set(['mirror', 'proxy', 'redirectAndFetch']);

/**
 * What fields say about each other across a rule or the file. Works on the tree, so that it also
 * speaks where other parts of the file are wrong; values of a wrong kind are left to the schema.
 */
export function crossIssues(root: Tree): CrossIssue[] {
  const rules = items(child(root, 'rules'));
  return [
    ...repeatedIds(rules),
    ...rules.flatMap((rule, index) => (rule.kind === 'map' ? ruleIssues(rule, index) : [])),
    ...unknownScanRules(root, rules),
  ];
}

function repeatedIds(rules: readonly Tree[]): CrossIssue[] {
  const first = new Map<string, number>();
  return rules.flatMap((rule, index): CrossIssue[] => {
    const id = textOf(child(rule, 'id'));
    const before = id === undefined ? undefined : first.get(id);
    if (id !== undefined && before === undefined) first.set(id, index);
    if (id === undefined || before === undefined) return [];
    const message = `the id \`${id.slice(0, 60)}\` is taken by rules[${before}]; ids are unique`;
    return [{ path: ['rules', index, 'id'], message }];
  });
}

function ruleIssues(rule: Tree, index: number): CrossIssue[] {
  const action = textOf(child(rule, 'action')) ?? 'mirror';
  const issues: CrossIssue[] = [];
  const add = (path: readonly (string | number)[], message: string) => {
    issues.push({ path: ['rules', index, ...path], message });
  };
  const origins = child(rule, 'origins');
  const masters = child(origins, 'masters');
  if (!ASKS_NO_ORIGIN.has(action)) {
    if (origins === undefined) add(['origins'], `missing field: \`${action}\` needs an origin`);
    else if (origins.kind === 'map' && masters === undefined) {
      add(['origins', 'masters'], 'missing field `masters`: 1 to 10 addresses');
    } else if (masters?.kind === 'list' && masters.items.length === 0) {
      add(['origins', 'masters'], 'expected 1 to 10 addresses, got none');
    }
  }
  if (child(rule, 'key', 'fixed') !== undefined && !['redirect', 'rewrite'].includes(action)) {
    add(
      ['key', 'fixed'],
      `is for the actions redirect and rewrite only; with \`${action.slice(0, 40)}\` every key would hold the same object`,
    );
  }
  for (const path of statusesBeyondMisses(rule, action)) {
    add(path, `\`${action}\` answers misses: only 404 can stand here`);
  }
  return issues;
}

function statusesBeyondMisses(rule: Tree, action: string): (string | number)[][] {
  if (!MISSES_ONLY.has(action)) return [];
  const statuses = child(rule, 'match', 'statuses');
  if (textOf(statuses) === 'any') return [['match', 'statuses']];
  return items(statuses).flatMap((status, index) =>
    status.kind === 'scalar' && typeof status.value === 'number' && status.value !== 404
      ? [['match', 'statuses', index]]
      : [],
  );
}

function unknownScanRules(root: Tree, rules: readonly Tree[]): CrossIssue[] {
  const ids = new Set(rules.map((rule) => textOf(child(rule, 'id'))));
  return items(child(root, 'scan')).flatMap((source, index): CrossIssue[] => {
    const id = textOf(child(source, 'rule'));
    if (id === undefined || ids.has(id)) return [];
    return [
      { path: ['scan', index, 'rule'], message: `no rule has the id \`${id.slice(0, 60)}\`` },
    ];
  });
}
