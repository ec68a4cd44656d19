import type { ObjectKey } from '../model/object-key.ts';

/** Which keys a run is about, of those that its rules take. */
export interface KeyFilter {
  /** What every key of it begins with; '' where nothing is asked. */
  readonly prefix: string;
  /** Whether a key is of it; the same key always is, or never. */
  keeps(key: ObjectKey): boolean;
}

/**
 * A filter of keys: those that begin with `prefix`, match one of `include`, where there is any, and
 * none of `exclude`.
 */
export function keyFilter(
  prefix: string,
  include: readonly RegExp[],
  exclude: readonly RegExp[],
): KeyFilter {
  return {
    prefix,
    keeps: (key) =>
      key.startsWith(prefix) &&
      (include.length === 0 || matchesAny(include, key)) &&
      !matchesAny(exclude, key),
  };
}

function matchesAny(patterns: readonly RegExp[], key: string): boolean {
  for (const pattern of patterns) if (pattern.test(key)) return true;
  return false;
}
