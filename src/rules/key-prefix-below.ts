import type { Rule } from '../model/rule.ts';

/**
 * What the keys of a rule that begin with `prefix` all begin with: the longer one of it and the
 * rule's own prefix; undefined where no key of the rule begins so.
 */
export function keyPrefixBelow({ match }: Rule, prefix: string): string | undefined {
  const { keyPrefix = '' } = match;
  if (keyPrefix.startsWith(prefix)) return keyPrefix;
  return prefix.startsWith(keyPrefix) ? prefix : undefined;
}
