import { FatalError } from '../model/failure.ts';
import type { Rule, Rules, ScanKind, Secret } from '../model/rule.ts';
import { keyPrefixBelow } from '../rules/key-prefix-below.ts';
import { uninvertible } from '../rules/origin-prefix.ts';
import { namedRules } from './named-rules.ts';
import { isCopied } from './open-sources.ts';

/** One source of a scan: what the rules file says, or what holds where it says nothing. */
export interface PickedSource {
  readonly rule: Rule;
  readonly from: ScanKind;
  /** Absent: the rule's first master. */
  readonly url: Secret | undefined;
  /** What the keys begin with that are looked for; '' for all. */
  readonly below: string;
  /** What messages call it: the rule, and the entry of `scan` where there is one. */
  readonly label: string;
}

/**
 * What a scan walks: the entries of `scan`, or each copied rule's first master.
 * @param only ids of `--rule`; none: all
 * @param below of `--prefix`: rules that can have no such key are left out
 * @throws FatalError `usage` for a rule that is not there, or that no scan can tell the keys of.
 */
export function pickSources(rules: Rules, only: readonly string[], below = ''): PickedSource[] {
  const wanted = new Set(namedRules(rules, only));
  const sources = rules.scan.length === 0 ? masters(rules) : entries(rules);
  const picked = sources
    .filter(({ rule }) => wanted.has(rule) && keyPrefixBelow(rule, below) !== undefined)
    .map((source) => ({ ...source, below }));
  for (const source of picked) refuse(source);
  if (picked.length === 0) {
    throw new FatalError(
      'usage',
      'no rule is left to scan: see --rule, --prefix, scan and the actions',
    );
  }
  return picked;
}

type Source = Omit<PickedSource, 'below'>;

function masters({ rules }: Rules): Source[] {
  return rules.filter(isCopied).flatMap((rule): Source[] => {
    const [first] = rule.origins?.masters ?? [];
    if (first === undefined) return [];
    const from = first.s3 === undefined ? 'httpIndex' : 's3';
    return [{ rule, from, url: undefined, label: rule.id }];
  });
}

function entries({ rules, scan }: Rules): Source[] {
  return scan.flatMap(({ rule: id, from, url }, index): Source[] => {
    const rule = rules.find((one) => one.id === id);
    return rule === undefined ? [] : [{ rule, from, url, label: `${id}, scan[${index}]` }];
  });
}

/** Sources that no address of a rule stands for. */
const NEEDS_URL: ReadonlySet<ScanKind> = new Set<ScanKind>([
  'directory',
  'sitemap',
  's3Inventory',
  'keys',
]);

function refuse({ rule, from, url, label }: PickedSource): void {
  if (!isCopied(rule)) {
    throw new FatalError('usage', `rule ${label}: its action is ${rule.action}: nothing to scan`);
  }
  // A list of the bucket's own keys has nothing to be told from.
  const problem = from === 'keys' ? undefined : uninvertible(rule);
  if (problem !== undefined) {
    throw new FatalError(
      'usage',
      `rule ${label}: a scan can't tell its keys: ${problem}; or leave the rule out with --rule`,
    );
  }
  if (NEEDS_URL.has(from) && url === undefined) {
    throw new FatalError('usage', `rule ${label}: a scan from ${from} needs its url`);
  }
}
