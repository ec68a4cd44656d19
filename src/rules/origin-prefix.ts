import type { Rule } from '../model/rule.ts';
import { keyPrefixBelow } from './key-prefix-below.ts';

/**
 * What every origin key begins with that a rule makes of its keys; '' where they have nothing in
 * common.
 * @param below only of the rule's keys that begin so; where none does, it has no say
 */
export function originPrefix(rule: Rule, below = ''): string {
  const { addPrefix, replaceSuffix, fixed } = rule.key;
  if (fixed !== undefined) return addPrefix;
  const { keyPrefix = '' } = rule.match;
  const begun = begunBy(rule, keyPrefixBelow(rule, below) ?? keyPrefix);
  if (replaceSuffix === undefined) return `${addPrefix}${begun}`;
  // What is replaced at the end may reach into the last segment of the beginning, or beyond it.
  const kept = replaceSuffix.from?.includes('/') === true ? '' : begun;
  return `${addPrefix}${kept.slice(0, kept.lastIndexOf('/') + 1)}`;
}

/** What keys that begin with `start` are rewritten to, as far as that tells; as `rewriteKey` does. */
function begunBy({ key, match }: Rule, start: string): string {
  const { replacePrefix, template, slashes } = key;
  if (template !== undefined) return `${template.before}${start}`;
  if (replacePrefix === undefined) return start;
  const { keyPrefix = '' } = match;
  const rest = start.slice(keyPrefix.length);
  const isStripped = replacePrefix === '' && keyPrefix !== '' && slashes === 'join';
  return `${replacePrefix}${isStripped && rest.startsWith('/') ? rest.slice(1) : rest}`;
}

/**
 * Why a scan can't tell the rule's keys from what it finds, in words that end a sentence; undefined
 * where it can.
 */
export function uninvertible({ key, match }: Rule): string | undefined {
  if (key.fixed !== undefined) return 'key.fixed makes one origin key of all of them';
  const { replaceSuffix } = key;
  if (replaceSuffix === undefined) return undefined;
  if (replaceSuffix.from !== undefined || match.keySuffix !== undefined) return undefined;
  return 'key.replaceSuffix replaces any extension; say which with key.replaceSuffix.from or match.keySuffix';
}
