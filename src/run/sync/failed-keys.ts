import type { EntrySource } from '../../model/entry.ts';
import type { FailedEntries } from '../../model/failed-entries.ts';
import type { ObjectKey } from '../../model/object-key.ts';

/** The keys that failed, in the order of the list that they stand in. */
export async function* failedKeys(
  failed: FailedEntries,
  entries: EntrySource,
  signal: AbortSignal,
): AsyncGenerator<readonly { readonly key: ObjectKey }[]> {
  for (let after = -1; ;) {
    const segments = await failed.segments(after);
    for (const { start, end, failures } of segments) {
      const read = await entries.reread(start, end, signal);
      const indexes = failures.map(({ index }) => index).sort((one, other) => one - other);
      yield indexes.flatMap((index) => {
        const entry = read[index];
        return entry === undefined || 'invalid' in entry ? [] : [{ key: entry.key }];
      });
    }
    const last = segments.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}
