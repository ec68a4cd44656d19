import type { ObjectKey } from '../model/object-key.ts';
import type { Rules } from '../model/rule.ts';
import { displayWidth } from './display-width.ts';
import { triedUrls } from './explain-addresses.ts';
import type { Explanation } from './explain-key.ts';
import { matchRule } from './match-rule.ts';

type Row = readonly [name: string, value: string];

/** An explanation for people, on several lines without a final line break. */
export function explainText(explanation: Explanation, rules: Rules): string {
  const { key, rule, action, originUrls = [], requestHeaders, storedKey, redirect } = explanation;
  const headers = Object.entries(requestHeaders).map(([name, value]) => `${name}: ${value}`);
  const rows: Row[] = [
    ['rule', rule === null ? 'none' : `${rule} (${action ?? ''})`],
    ['why', explanation.reason],
    ...listed('origins', originUrls),
    ...listed('headers', headers),
    ...listed('redirect', redirect === null ? [] : [`${redirect.status} to ${redirect.location}`]),
    ['migrate', migrateWords(rules, key)],
    ['serve', serveWords(explanation)],
    ...listed('stored as', storedKey === null ? [] : [storedKey]),
  ];
  const lines = rows.map(([name, value]) => `  ${name.padEnd(11)}${onOneLine(value)}`);
  return [onOneLine(key), ...lines].join('\n');
}

/** Many explanations as aligned columns, a line each under a heading. */
export function explainTable(explanations: readonly Explanation[]): string {
  const rows = [
    ['KEY', 'RULE', 'ACTION', 'STORED AS', 'ORIGIN'],
    ...explanations.map(({ key, rule, action, storedKey, originUrls, redirect }) =>
      [
        key,
        rule ?? '-',
        action ?? '-',
        storedKey ?? '-',
        (action === 'redirect' ? redirect?.location : originUrls?.[0]) ?? '-',
      ].map(onOneLine),
    ),
  ];
  const widths = rows.reduce<readonly number[]>(
    (widest, row) => row.map((cell, column) => Math.max(displayWidth(cell), widest[column] ?? 0)),
    [],
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => padded(cell, widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function padded(cell: string, width: number): string {
  return `${cell}${' '.repeat(Math.max(0, width - displayWidth(cell)))}`;
}

/** Keys may hold anything, also what moves a terminal's cursor. */
function onOneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu, (char) => {
    const code = char.charCodeAt(0).toString(16).toUpperCase();
    return `\\u${code.padStart(4, '0')}`;
  });
}

function listed(name: string, values: readonly string[]): Row[] {
  return values.map((value, index) => [index === 0 ? name : '', value]);
}

function migrateWords(rules: Rules, key: ObjectKey): string {
  const rule = matchRule(rules.rules, key);
  if (rule === undefined) return 'skips it (no-rule)';
  if (rule.action !== 'mirror' && rule.action !== 'redirectAndFetch') {
    return `skips it (rule-off: ${rule.action} stores nothing)`;
  }
  const { urls } = triedUrls(rule, key, '');
  return urls.length === 0 ? 'fails it (KEY_INVALID)' : 'copies it unless the bucket has it';
}

function serveWords(explanation: Explanation): string {
  const { action, storedKey, originUrls = [], redirect } = explanation;
  if (action === null || action === 'off') return 'answers as the bucket does';
  if (action === 'rewrite') return 'answers with another key of the bucket';
  if (action === 'mirror' || action === 'proxy') {
    if (originUrls.length === 0) return 'fails it (KEY_INVALID)';
    return `answers from the origin${storedKey === null ? ', stores nothing' : ' and stores it'}`;
  }
  if (redirect === null) return 'cannot redirect it';
  const stores = storedKey === null ? ', stores nothing' : ' and fetches it';
  return `redirects with ${redirect.status}${stores}`;
}
