import type { Rule } from '../model/rule.ts';

/** What every origin key that a rule makes begins with; '' where they have nothing in common. */
export function originPrefix({ key, match }: Rule): string {
  const { addPrefix, replaceSuffix, replacePrefix, template, fixed } = key;
  if (fixed !== undefined) return addPrefix;
  const { keyPrefix = '' } = match;
  const begun = template?.before ?? replacePrefix ?? keyPrefix;
  if (replaceSuffix === undefined) return `${addPrefix}${begun}`;
  // What is replaced at the end may reach into the last segment of the beginning, or beyond it.
  const kept = replaceSuffix.from?.includes('/') === true ? '' : begun;
  return `${addPrefix}${kept.slice(0, kept.lastIndexOf('/') + 1)}`;
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
