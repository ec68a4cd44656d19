import type { Checkpoint, JobRecord, SegmentRecord } from '../../src/model/checkpoint.ts';

/** A checkpoint in memory, for tests of the engine alone. */
export function memoryCheckpoint(
  onCommit: (segments: readonly SegmentRecord[]) => void = () => undefined,
): Checkpoint {
  let job: JobRecord | undefined;
  const segments = new Map<number, SegmentRecord>();
  const sum = (field: 'copied' | 'skipped' | 'failed'): number =>
    Array.from(segments.values()).reduce((total, segment) => total + segment[field], 0);
  return {
    load: () => Promise.resolve(job),
    begin: (fingerprint) => {
      job = { fingerprint, finished: false };
      segments.clear();
      return Promise.resolve();
    },
    totals: () => {
      const last = segments.get(segments.size - 1);
      return Promise.resolve({
        segments: segments.size,
        position: { end: last?.end ?? 0, prefixCrc: last?.prefixCrc ?? 0 },
        copied: sum('copied'),
        skipped: sum('skipped'),
        failed: sum('failed'),
      });
    },
    openSegments: () =>
      Promise.resolve(Array.from(segments.values()).filter((segment) => !segment.closed)),
    commit: (records, finished) => {
      onCommit(records);
      for (const record of records) segments.set(record.id, record);
      if (finished && job !== undefined) job = { ...job, finished: true };
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}
