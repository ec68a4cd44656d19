import type { Fingerprint } from '../model/checkpoint.ts';
import type {
  DeleteTotals,
  EventKey,
  ObjectOutcome,
  ScanTotals,
  SummaryEvent,
  Tally,
} from '../model/event.ts';
import { type Ending, interruptionOf, runExitCode } from '../model/exit-code.ts';
import { FatalError, type FatalKind, Interrupted } from '../model/failure.ts';
import { sweepUploads } from '../transfer/sweep-uploads.ts';
import { type BegunJob, beginJob } from './begin-job.ts';
import { Engine, type EngineJob } from './engine.ts';
import { unlessAborted } from '../transfer/unless-aborted.ts';
import { Tallies } from './tallies.ts';

const UNREACHABLE: ReadonlySet<FatalKind> = new Set(['origins-unusable', 'bucket-unusable']);

/** How long an aborted run waits for its last events to be read. */
const LAST_EVENTS_MS = 500;

/** What a scan beside a run has found. */
export interface ScanFound {
  /** Undefined where it could not even be saved. */
  readonly totals: ScanTotals | undefined;
  /** What ended it early, if it was not the run. */
  readonly fatal: FatalError | undefined;
  /** Requests for the listing. */
  readonly requests: number;
}

/** Tells what became of a key, and counts it. */
export type Tell = (key: EventKey, outcome: ObjectOutcome) => void;

/** What the last steps of a run tell the run itself. */
export interface Concluding {
  readonly tell: Tell;
  /** Called for each request to an origin. */
  readonly onRequest: () => void;
}

/** The scan that finds a run's entries while the run works on them. */
export interface RunScan {
  /** Starts it; the run has told that it starts. Keys that are no entries are told to `tell`. */
  readonly begin: (tell: Tell) => void;
  /** Grows with what it does. */
  readonly moves: () => number;
  /** What earlier runs have told of keys that are no entries. */
  readonly carried?: Tally | undefined;
  /** Resolves when nothing more comes of it; where the run is over before the scan is, it ends it. */
  readonly conclude: () => Promise<ScanFound>;
}

/** One run of a job: entries in, outcomes out. */
export interface Run extends EngineJob {
  readonly command: string;
  readonly job: string;
  readonly fingerprint: Fingerprint;
  /** Names, in words for people, what differs between two fingerprints. */
  readonly differences: (before: Fingerprint, now: Fingerprint) => readonly string[];
  /** How many requests the bucket has had. */
  readonly bucketRequests: () => number;
  /** Where the entries are still being found. */
  readonly scan?: RunScan | undefined;
  /**
   * What is left to do when every entry is settled, before the job is finished.
   * @returns what became of deletes, where they were asked for.
   * @throws FatalError; Interrupted where the run is told to stop before it is done.
   */
  readonly conclude?: ((concluding: Concluding) => Promise<DeleteTotals | undefined>) | undefined;
}

export interface RunResult {
  readonly summary: SummaryEvent;
  /** What ended the run early, if it was not a signal. */
  readonly fatal: FatalError | undefined;
}

/**
 * The engine's whole way: entries → key → rule → queue → transfer → event → checkpoint. Every
 * entry that it takes up is settled exactly once, or left open for the next run.
 * @throws FatalError `job-differs` or `state-unusable` before anything was done; anything that is
 * not a FatalError is a bug.
 */
export async function run(job: Run): Promise<RunResult> {
  const startedMs = job.clock.now();
  const begun = await beginJob(job.checkpoint, job.entries, job, job.stop.abort);
  job.onBoundary('checkpoint.begun');
  job.events.emit({
    event: 'start',
    schema: 1,
    command: job.command,
    job: job.job,
    time: new Date(startedMs).toISOString(),
    resumed: begun.resumed,
  });
  const tallies = new Tallies();
  const tell: Tell = (key, outcome) => {
    job.events.emit({ event: 'object', ...key, ...outcome });
    tallies.settle(outcome);
  };
  job.scan?.begin(tell);
  const onRequest = (): void => {
    tallies.originRequests += 1;
  };
  const { failure, deletes } = await work(job, begun, tallies, { tell, onRequest });
  const found = await job.scan?.conclude();
  const fatal = failure ?? found?.fatal;
  const ending = endingOf(fatal, job.stop.drain);
  // The wall clock may be set back while the run goes on.
  const elapsedMs = Math.max(job.clock.now() - startedMs, 0);
  const summary = summarise(job, { begun, tallies, found, deletes, ending, elapsedMs });
  if (fatal?.kind === 'output-closed') return { summary, fatal };
  job.events.emit(summary);
  await lastFlush(job);
  return { summary, fatal };
}

/** A reader that does not take the last events can still be left, by a second signal. */
async function lastFlush({ events, stop, clock }: Run): Promise<void> {
  const enough = new AbortController();
  const leave = (): void => {
    clock.sleep(LAST_EVENTS_MS, enough.signal).then(
      () => {
        enough.abort();
      },
      () => undefined,
    );
  };
  if (stop.abort.aborted) leave();
  else stop.abort.addEventListener('abort', leave, { once: true });
  try {
    await unlessAborted(events.flush(), enough.signal);
  } catch (error) {
    if (!enough.signal.aborted && !(error instanceof FatalError)) throw error;
  } finally {
    stop.abort.removeEventListener('abort', leave);
    enough.abort();
  }
}

interface Worked {
  readonly failure?: FatalError;
  readonly deletes?: DeleteTotals | undefined;
}

async function work(
  job: Run,
  begun: BegunJob,
  tallies: Tallies,
  concluding: Concluding,
): Promise<Worked> {
  try {
    await new Engine(job, tallies).work(begun);
    if (job.stop.drain.aborted) return {};
    const { uploads, bucket } = job.examination;
    // Every key is settled, so nobody goes on with what is half-way in.
    if (uploads !== undefined) await sweepUploads(uploads, bucket, job.stop.abort);
    const deletes = await job.conclude?.(concluding);
    await job.checkpoint.commit({ segments: [], results: [], finished: true });
    job.onBoundary('job.finished');
    return { deletes };
  } catch (error) {
    if (error instanceof FatalError) return { failure: error };
    if (job.stop.drain.aborted && isOfStopping(error, job.stop)) return {};
    throw error;
  }
}

function isOfStopping(error: unknown, { abort }: Run['stop']): boolean {
  return error instanceof Interrupted || (abort.aborted && error === abort.reason);
}

function endingOf(fatal: FatalError | undefined, drain: AbortSignal): Ending {
  // A run that was told to stop has no business with what stays down.
  const isForgiven = drain.aborted && fatal !== undefined && UNREACHABLE.has(fatal.kind);
  if (fatal !== undefined && !isForgiven) return { kind: 'fatal', fatal: fatal.kind };
  if (!drain.aborted) return { kind: 'finished' };
  return { kind: 'interrupted', by: interruptionOf(drain) };
}

interface Outcome {
  readonly begun: BegunJob;
  readonly tallies: Tallies;
  readonly found: ScanFound | undefined;
  readonly deletes: DeleteTotals | undefined;
  readonly ending: Ending;
  readonly elapsedMs: number;
}

function summarise(
  job: Run,
  { begun, tallies, found, deletes, ending, elapsedMs }: Outcome,
): SummaryEvent {
  const { planned, ...counts } = tallies.counts;
  const { resumed } = begun;
  const carried = sum(begun.carried, job.scan?.carried);
  const refused = deletes?.refused === undefined ? 0 : 1;
  const scan = found?.totals;
  const listingErrors = scan?.listingErrors ?? 0;
  const failed = counts.failed + carried.failed;
  return {
    event: 'summary',
    command: job.command,
    ...counts,
    ...(job.examination.dryRun ? { planned } : {}),
    deleted: tallies.deleted,
    listingErrors,
    bytes: tallies.bytes,
    originRequests: tallies.originRequests + (found?.requests ?? 0),
    bucketRequests: job.bucketRequests(),
    carried,
    resumed,
    elapsedMs,
    ...(scan === undefined ? {} : { scan }),
    ...(deletes === undefined ? {} : { deletes }),
    exitCode: runExitCode(ending, failed + listingErrors + refused, tallies.bugs),
  };
}

function sum(one: Tally, other: Tally | undefined): Tally {
  if (other === undefined) return one;
  return {
    listed: one.listed + other.listed,
    copied: one.copied + other.copied,
    skipped: one.skipped + other.skipped,
    failed: one.failed + other.failed,
  };
}
