import type { SummaryEvent, Tally } from '../../model/event.ts';

/**
 * What became of all keys of a job. A run that came to its end knows best: it also counts keys that
 * needed no entry, as the unchanged ones of a sync. Else it is what the checkpoint counts.
 * @param summary what the last run told at its end; null where it came to none, or nobody knows
 */
export function wholeTally(checkpoint: Tally, summary: SummaryEvent | null): Tally {
  if (summary === null) return checkpoint;
  const { carried } = summary;
  return {
    listed: summary.listed + carried.listed,
    copied: summary.copied + carried.copied,
    skipped: summary.skipped + carried.skipped,
    failed: summary.failed + carried.failed,
  };
}
