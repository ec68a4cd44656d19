import type { Checkpoint, Fingerprint, JobTotals } from '../model/checkpoint.ts';
import type { EntrySource, SourcePosition } from '../model/entry.ts';
import type { Tally } from '../model/event.ts';
import { FatalError } from '../model/failure.ts';
import { SegmentTracker } from './segment-tracker.ts';

/** Where a run takes up its job. */
export interface BegunJob {
  readonly resumed: boolean;
  /** Segments of an interrupted run that still have open entries. */
  readonly open: readonly SegmentTracker[];
  /** Where the next segment starts, and its id. */
  readonly position: SourcePosition;
  readonly segments: number;
  /** What earlier runs settled. */
  readonly carried: Tally;
}

/** What decides whether a job found in the state is this one. */
export interface JobIdentity {
  readonly fingerprint: Fingerprint;
  readonly differences: (before: Fingerprint, now: Fingerprint) => readonly string[];
}

const NOTHING: Tally = { listed: 0, copied: 0, skipped: 0, failed: 0 };

/**
 * Takes up an interrupted job where it stood, or starts afresh: where there was none, or where the
 * last one was finished (every key is then looked at again, because the bucket may have lost some).
 * @throws FatalError `job-differs` where the state holds this job with other rules or another list.
 */
export async function beginJob(
  checkpoint: Checkpoint,
  entries: EntrySource,
  identity: JobIdentity,
  signal: AbortSignal,
): Promise<BegunJob> {
  const record = await checkpoint.load();
  if (record !== undefined) {
    const differing = identity.differences(record.fingerprint, identity.fingerprint);
    if (differing.length > 0) throw differs(differing.join('; '));
    if (!record.finished) return resume(checkpoint, entries, signal);
  }
  await checkpoint.begin(identity.fingerprint);
  const position = { end: 0, prefixCrc: 0 };
  return { resumed: false, open: [], position, segments: 0, carried: NOTHING };
}

async function resume(
  checkpoint: Checkpoint,
  entries: EntrySource,
  signal: AbortSignal,
): Promise<BegunJob> {
  const totals = await checkpoint.totals();
  if (!(await entries.startsWith(totals.position, signal))) {
    throw differs(`${entries.name} no longer begins with the keys that were read from it`);
  }
  const open = await checkpoint.openSegments();
  return {
    resumed: true,
    open: open.map((record) => new SegmentTracker(record)),
    position: totals.position,
    segments: totals.segments,
    carried: tally(totals),
  };
}

function tally({ copied, skipped, failed }: JobTotals): Tally {
  return { listed: copied + skipped + failed, copied, skipped, failed };
}

function differs(what: string): FatalError {
  return new FatalError(
    'job-differs',
    `this job was begun otherwise: ${what}. Change it back to resume, or give --new-job, which ` +
      'sets the old state aside and starts afresh',
  );
}
