import type { ObjectKey } from '../model/object-key.ts';
import type { Match, Rule } from '../model/rule.ts';

/** What a rule's conditions are held against; what only serve knows joins it there. */
interface Candidate {
  readonly key: ObjectKey;
}

/** One condition of a rule: whether it is given, whether it holds, and how people read it. */
interface Condition {
  given(match: Match): boolean;
  holds(match: Match, candidate: Candidate): boolean;
  words(match: Match, holds: boolean): string;
}

const CONDITIONS: readonly Condition[] = [
  {
    given: ({ keyPrefix }) => keyPrefix !== undefined,
    holds: ({ keyPrefix = '' }, { key }) => key.startsWith(keyPrefix),
    words: ({ keyPrefix = '' }, holds) =>
      `the key ${holds ? 'starts' : 'does not start'} with \`${keyPrefix}\``,
  },
  {
    given: ({ keySuffix }) => keySuffix !== undefined,
    holds: ({ keySuffix = '' }, { key }) => key.endsWith(keySuffix),
    words: ({ keySuffix = '' }, holds) =>
      `the key ${holds ? 'ends' : 'does not end'} with \`${keySuffix}\``,
  },
];

/** Whether a rule takes a key, and why, in words that follow a colon. */
export interface RuleVerdict {
  readonly matches: boolean;
  readonly reason: string;
}

/**
 * The rule for a key: the first whose conditions on the key all hold. Absent conditions hold for
 * every key. Methods, statuses, headers and hosts are serve's to judge.
 */
export function matchRule(rules: readonly Rule[], key: ObjectKey): Rule | undefined {
  return rules.find(({ match }) => CONDITIONS.every((condition) => holds(condition, match, key)));
}

/** Judges one rule as {@link matchRule} does; of one that doesn't match, every condition that fails. */
export function ruleVerdict(rule: Rule, key: ObjectKey): RuleVerdict {
  const { match } = rule;
  const failing = CONDITIONS.filter((condition) => !holds(condition, match, key));
  const given = CONDITIONS.filter((condition) => condition.given(match));
  const told = failing.length > 0 ? failing : given;
  const words = told.map((condition) => condition.words(match, failing.length === 0));
  const matches = failing.length === 0;
  return { matches, reason: words.length === 0 ? 'it takes every key' : words.join(' and ') };
}

function holds(condition: Condition, match: Match, key: ObjectKey): boolean {
  return !condition.given(match) || condition.holds(match, { key });
}
