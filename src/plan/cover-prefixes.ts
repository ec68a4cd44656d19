import { compareKeys } from '../model/object-key.ts';

/**
 * The fewest prefixes that hold every key of the given ones, in the order of keys: none holds
 * another, so that listing them one behind the other gives each key once, in order.
 */
export function coverPrefixes(prefixes: readonly string[]): readonly string[] {
  const cover: string[] = [];
  for (const prefix of prefixes.toSorted(compareKeys)) {
    const last = cover.at(-1);
    if (last === undefined || !prefix.startsWith(last)) cover.push(prefix);
  }
  return cover;
}
