import type { Checkpoint, JobTotals } from '../model/checkpoint.ts';

const NOTHING: JobTotals = {
  segments: 0,
  position: { end: 0, prefixCrc: 0 },
  copied: 0,
  skipped: 0,
  failed: 0,
};

/** The checkpoint of a run that has nothing to resume: a dry run, or keys named one by one. */
export function noCheckpoint(): Checkpoint {
  return {
    results: 'none',
    load: () => Promise.resolve(undefined),
    begin: () => Promise.resolve(),
    totals: () => Promise.resolve(NOTHING),
    openSegments: () => Promise.resolve([]),
    commit: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
