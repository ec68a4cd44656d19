import { FatalError } from '../model/failure.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { Rule, Rules } from '../model/rule.ts';
import type { KeyFilter } from '../plan/key-filter.ts';
import { keyPrefixBelow } from '../rules/key-prefix-below.ts';
import { matchRule } from '../rules/match-rule.ts';
import { sampleKeys } from '../verify/sample-keys.ts';
import { namedRules } from './named-rules.ts';
import { isCopied } from './open-sources.ts';
import { pickSources } from './scan-sources.ts';

/** Which keys a comparison looks at. */
export interface VerifyScope {
  /** The rules whose keys are compared. */
  readonly wanted: readonly Rule[];
  /** The rule of a key, where it is one of them. */
  readonly ruleOf: (key: ObjectKey) => Rule | undefined;
  /** Whether a key is looked at: it has such a rule, is not left out, and belongs to the sample. */
  readonly keeps: (key: ObjectKey) => boolean;
}

export interface ScopeSettings {
  /** Ids of `--rule`; none: all. */
  readonly only: readonly string[];
  /** A scan finds the keys: of other rules than it walks, nothing is known. */
  readonly isScan: boolean;
  /** Absent: every key is meant. */
  readonly filter?: KeyFilter | undefined;
  /** In (0, 1]. */
  readonly sample: number;
  readonly seed: string | undefined;
}

/** @throws FatalError `usage` where no rule is left, or none has the id. */
export function verifyScope(
  rules: Rules,
  { only, isScan, filter, sample, seed = '' }: ScopeSettings,
): VerifyScope {
  const wanted = new Set(
    isScan
      ? pickSources(rules, only, filter?.prefix).map(({ rule }) => rule)
      : copied(rules, only, filter?.prefix),
  );
  const isSampled = sampleKeys(sample, seed);
  const ruleOf = (key: ObjectKey): Rule | undefined => {
    const rule = matchRule(rules.rules, key);
    return rule !== undefined && wanted.has(rule) ? rule : undefined;
  };
  const keeps = (key: ObjectKey): boolean =>
    filter?.keeps(key) !== false && ruleOf(key) !== undefined && isSampled(key);
  return { wanted: [...wanted], ruleOf, keeps };
}

function copied(rules: Rules, only: readonly string[], below = ''): readonly Rule[] {
  const found = namedRules(rules, only).filter(
    (rule) => isCopied(rule) && keyPrefixBelow(rule, below) !== undefined,
  );
  if (found.length > 0) return found;
  throw new FatalError('usage', 'no rule is left to compare: see --rule, --prefix and the actions');
}
