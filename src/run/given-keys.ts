import type { Entry, EntrySource } from '../model/entry.ts';
import { keyProblem, objectKey } from '../model/object-key.ts';

/** Entries of keys that were named one by one, all in one batch. */
export function givenKeys(keys: readonly string[]): EntrySource {
  const entries = keys.map(entryOf);
  return {
    name: 'the named keys',
    async *batches() {
      await Promise.resolve();
      if (entries.length > 0) yield { entries, start: 0, end: entries.length, prefixCrc: 0 };
    },
    reread: (start, end) => Promise.resolve(entries.slice(start, end)),
    startsWith: () => Promise.resolve(true),
    close: () => Promise.resolve(),
  };
}

function entryOf(key: string): Entry {
  const reason = keyProblem(key);
  return reason === undefined ? { key: objectKey(key) } : { invalid: { key }, reason };
}
