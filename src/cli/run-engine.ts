import { dryRunBucket } from '../guard/dry-run-bucket.ts';
import { lazyClaims } from '../checkpoint/lazy-claims.ts';
import type { Bucket } from '../model/bucket.ts';
import type { Checkpoint, Fingerprint } from '../model/checkpoint.ts';
import type { Claims } from '../model/claims.ts';
import type { EntrySource } from '../model/entry.ts';
import { EXIT } from '../model/exit-code.ts';
import type { UploadJournal } from '../model/upload-journal.ts';
import { fingerprintDifferences } from '../rules/job-fingerprint.ts';
import type { Log } from '../report/log.ts';
import { PresenceFinder } from '../run/presence.ts';
import { type Run, run, type RunResult, type RunScan } from '../run/run.ts';
import { SharedKeys } from '../run/shared-keys.ts';
import { OpenUploads } from '../transfer/open-uploads.ts';
import { sharedFolder } from './known-bucket.ts';
import { noteRun } from './note-run.ts';
import { stateDirectory } from './state-directory.ts';
import { openingOf } from './threads/opening-of.ts';
import type { ThreadsWork } from './threads/run-threads.ts';

import type { OpenedRun } from './run-command.ts';

/** What a run works through, and where it keeps its state. */
export interface RunWork {
  readonly job: string;
  /** Where the job's files are; undefined for a run that has none. */
  readonly directory?: string | undefined;
  readonly entries: EntrySource;
  /** Where the entries are still being found. */
  readonly scan?: RunScan | undefined;
  /** What is there is compared byte by byte. */
  readonly checksum?: boolean | undefined;
  /** What is left to do when every entry is settled. */
  readonly conclude?: Run['conclude'];
  readonly checkpoint: Checkpoint;
  /** Where large objects are written down that a later run may go on with. */
  readonly uploads?: UploadJournal;
  readonly fingerprint: Fingerprint;
}

/** Runs the engine. */
export async function runEngine(opened: OpenedRun, work: RunWork): Promise<RunResult> {
  const { rulesFile, bucketId, options, surroundings } = opened;
  const { clock } = surroundings;
  const directory = sharedFolder(stateDirectory(rulesFile, options.state, surroundings), bucketId);
  const { claims, close } = lazyClaims({ directory, now: () => clock.now() });
  try {
    return await runSharing(opened, work, claims);
  } finally {
    await close();
  }
}

/** What other processes call the run. */
function ownerOf({ command, surroundings: { pid, host } }: OpenedRun, job: string): string {
  return job === command ? `${command} pid ${pid} on ${host}` : `${command} job ${job}`;
}

/** The keys that a run shares with other processes on its bucket; a dry run fetches none. */
function sharedKeys(opened: OpenedRun, job: string, claims: Claims): SharedKeys | undefined {
  const { options, surroundings, stop, log } = opened;
  if (options.dryRun === true) return undefined;
  const { steadyClock: clock } = surroundings;
  const owner = ownerOf(opened, job);
  return new SharedKeys({ claims, owner, clock, drain: stop.drain, note: log.info });
}

function presenceOf(
  { bucket, filter, surroundings, log }: OpenedRun,
  seen: Bucket,
): PresenceFinder {
  return new PresenceFinder({
    bucket: seen,
    prefix: filter?.prefix,
    headIsCheap: bucket.headIsCheap,
    exclusiveCreate: bucket.exclusiveCreate,
    clock: surroundings.clock,
    note: log.debug,
    warn: log.warn,
  });
}

/** Makes the further threads work for the run, where there are any. */
function threadsOf(
  opened: OpenedRun,
  { checksum, job }: RunWork,
  { uploads, claims, presence }: Pick<ThreadsWork, 'uploads' | 'claims' | 'presence'>,
): Pick<Run, 'threads' | 'traffic' | 'busyShare' | 'bucketRequests'> {
  const { threads, sources, bucket, surroundings, stop } = opened;
  const own = surroundings.busyShare();
  const { traffic } = sources;
  if (threads === undefined) {
    return { traffic, busyShare: own, bucketRequests: bucket.requests };
  }
  const keepsUploads = uploads !== undefined;
  return {
    threads: (onRequest) =>
      threads.open({
        openingOf: (index) => openingOf(opened, threads.count, { index, checksum, keepsUploads }),
        hostsOf: sources.hostsOf,
        uploads,
        claims,
        owner: ownerOf(opened, job),
        presence,
        onRequest,
        drain: stop.drain,
        waitingRules: sources.waitingRules,
      }),
    traffic: {
      get bodyBytes() {
        return traffic.bodyBytes + threads.bodyBytes();
      },
    },
    busyShare: threads.busyShare(own),
    bucketRequests: () => bucket.requests() + threads.bucketRequests(),
  };
}

async function runSharing(opened: OpenedRun, work: RunWork, claims: Claims): Promise<RunResult> {
  const { uploads: journal, directory, checksum, ...kept } = work;
  const { rules, options, filter, surroundings, stop, sources, command } = opened;
  const { events, ended } = noteRun(directory, opened.events);
  const dryRun = options.dryRun === true;
  const bucket = dryRun ? dryRunBucket(opened.bucket.bucket) : opened.bucket.bucket;
  const uploads = journal && (await OpenUploads.load(journal, () => surroundings.clock.now()));
  const presence = presenceOf(opened, bucket);
  const result = await run({
    command,
    ...kept,
    differences: fingerprintDifferences,
    examination: {
      rules,
      // A scan has left out already what its filter leaves out.
      filter: work.scan === undefined ? filter : undefined,
      sources: sources.byRule,
      bucket,
      presence,
      overwrite: options.overwrite,
      checksum,
      dryRun,
      uploads,
      shared: sharedKeys(opened, work.job, claims),
      memory: opened.memory,
    },
    events,
    clock: surroundings.clock,
    concurrency: options.concurrency,
    ...threadsOf(opened, work, { uploads, claims, presence }),
    waitingRules: sources.waitingRules,
    warn: opened.log.warn,
    onBoundary: surroundings.onBoundary,
    stop,
  }).finally(() => presence.close());
  if (result.fatal === undefined) opened.threads?.assertWell();
  try {
    await ended(result.summary, surroundings.clock.now());
  } catch (error) {
    // What went wrong first is what counts.
    if (result.fatal === undefined) throw error;
  }
  const { memory, threads, log } = opened;
  if (threads !== undefined) {
    log.debug(`further threads: ${threads.settled().join(' and ')} keys were settled by them`);
  }
  log.debug(`bodies in flight: at most ${memory.usage().peakBytes} bytes at once`);
  return result;
}

/**
 * The exit code of a run, with a word where the summary alone would leave users wondering.
 * @throws FatalError that ended the run.
 */
export function concludeRun({ summary, fatal }: RunResult, log: Log): number {
  if (fatal !== undefined && fatal.kind !== 'output-closed') throw fatal;
  if (summary.listed + summary.carried.listed === 0 && summary.exitCode === EXIT.complete) {
    const which = summary.scan === undefined ? 'the list holds' : 'the scan found';
    log.info(`${summary.command}: ${which} no keys, so there was nothing to do`);
  }
  return summary.exitCode;
}
