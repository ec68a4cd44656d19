import type {
  Checkpoint,
  CheckpointBatch,
  JobRecord,
  ResultsKept,
  SegmentRecord,
} from '../../src/model/checkpoint.ts';

/** A checkpoint in memory, for tests of the engine alone. */
export function memoryCheckpoint(
  onCommit: (batch: CheckpointBatch) => void = () => undefined,
  results: ResultsKept = 'all',
): Checkpoint {
  let job: JobRecord | undefined;
  const segments = new Map<number, SegmentRecord>();
  const sum = (field: 'copied' | 'skipped' | 'failed'): number =>
    Array.from(segments.values()).reduce((total, segment) => total + segment[field], 0);
  return {
    results,
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
    commit: (batch) => {
      onCommit(batch);
      for (const record of batch.segments) segments.set(record.id, record);
      if (batch.finished && job !== undefined) job = { ...job, finished: true };
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}
