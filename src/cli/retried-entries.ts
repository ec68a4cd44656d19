import { ENTRY_FAILED, ENTRY_OPEN, type SegmentRecord } from '../model/checkpoint.ts';
import type { Entry, EntryBatch, EntrySource, SourcePosition } from '../model/entry.ts';
import type { FailedEntries } from '../model/failed-entries.ts';
import { entryState } from '../run/segment-tracker.ts';

/**
 * The entries of a reopened job: those of its open segments. What came to the list since is for the
 * command that began the job.
 * @param checked up to there the list was found to be the same
 */
export function reopenedOnly(entries: EntrySource, checked: SourcePosition): EntrySource {
  return {
    name: entries.name,
    batches: () => noBatches(),
    reread: (start, end, signal) => entries.reread(start, end, signal),
    startsWith: async (position, signal) =>
      (position.end === checked.end && position.prefixCrc === checked.prefixCrc) ||
      entries.startsWith(position, signal),
    close: () => entries.close(),
  };
}

async function* noBatches(): AsyncGenerator<EntryBatch> {
  await Promise.resolve();
  yield* [];
}

/** What a retry would examine, for a run that changes nothing: a batch for each segment. */
export function toRetryOnly(
  entries: EntrySource,
  segments: AsyncIterable<SegmentRecord> | Iterable<SegmentRecord>,
): EntrySource {
  return {
    name: entries.name,
    async *batches(_, signal) {
      for await (const segment of segments) yield await batchOf(segment, entries, signal);
    },
    reread: () => Promise.resolve([]),
    startsWith: () => Promise.resolve(true),
    close: () => entries.close(),
  };
}

async function batchOf(
  { outcomes, start, end, prefixCrc }: SegmentRecord,
  list: EntrySource,
  signal: AbortSignal,
): Promise<EntryBatch> {
  const all = await list.reread(start, end, signal);
  const entries = all.filter((_: Entry, index) => {
    const state = entryState(outcomes, index);
    return state === ENTRY_FAILED || state === ENTRY_OPEN;
  });
  return { entries, start, end, prefixCrc };
}

/** Every segment with failed entries, one after the other. */
export async function* failedSegments(failed: FailedEntries): AsyncGenerator<SegmentRecord> {
  for (let after = -1; ;) {
    const segments = await failed.segments(after);
    yield* segments;
    const last = segments.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}
