import path from 'node:path';
import { byteBudget, type ByteBudget } from '../guard/byte-budget.ts';
import { dryRunBucket } from '../guard/dry-run-bucket.ts';
import { lazyClaims } from '../checkpoint/lazy-claims.ts';
import type { Bucket } from '../model/bucket.ts';
import type { Checkpoint, Fingerprint } from '../model/checkpoint.ts';
import type { Claims } from '../model/claims.ts';
import type { EntrySource } from '../model/entry.ts';
import { EXIT } from '../model/exit-code.ts';
import type { EventSink } from '../model/ports.ts';
import type { UploadJournal } from '../model/upload-journal.ts';
import type { Rule, Rules } from '../model/rule.ts';
import { needsPresence } from '../plan/decide-copy.ts';
import type { KeyFilter } from '../plan/key-filter.ts';
import { fingerprintDifferences } from '../rules/job-fingerprint.ts';
import { judgedByServe } from '../rules/judged-by-serve.ts';
import type { Cleanup } from './cleanup.ts';
import type { Log } from '../report/log.ts';
import { bytesText } from '../report/quantity.ts';
import { PresenceFinder } from '../run/presence.ts';
import { type Run, run, type RunResult, type RunScan } from '../run/run.ts';
import { SharedKeys } from '../run/shared-keys.ts';
import { OpenUploads } from '../transfer/open-uploads.ts';
import { sharedFolder } from './known-bucket.ts';
import { type OpenedBucket, openBucket } from './open-bucket.ts';
import { noteRun } from './note-run.ts';
import { openEvents } from './open-events.ts';
import { isCopied, openSources, type OpenedSources } from './open-sources.ts';
import { mostAtOnce, type RunOptions } from './run-options.ts';
import { stateDirectory } from './state-directory.ts';
import type { Stop } from './stop-signals.ts';
import type { Surroundings } from './surroundings.ts';
import { openingOf } from './threads/opening-of.ts';
import type { RunThreads, ThreadsWork } from './threads/run-threads.ts';
import { threadCount } from './threads/thread-count.ts';

/** A command that runs the engine, before its entries are known. */
export interface RunCommand {
  readonly command: string;
  readonly rulesFile: string;
  readonly rules: Rules;
  /** The rules that may be needed; origins of others are neither opened nor checked. */
  readonly needed: (rule: Rule) => boolean;
  /** Absent: every key is meant. */
  readonly filter?: KeyFilter | undefined;
  readonly options: RunOptions;
  readonly surroundings: Surroundings;
  readonly stop: Stop;
  readonly log: Log;
}

/** Everything a run needs from outside, opened and found usable. */
export interface OpenedRun extends RunCommand {
  readonly events: EventSink;
  readonly bucket: OpenedBucket;
  /** The one budget of bodies in flight, for bucket and transfers. */
  readonly memory: ByteBudget;
  /** Names this very bucket. */
  readonly bucketId: string;
  readonly sources: OpenedSources;
  /** Further threads that copy, where there are any. */
  readonly threads: RunThreads | undefined;
}

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

/**
 * Opens bucket and origins and checks both, before any state is written.
 * @throws FatalError `bucket-unusable`, `origins-unusable`, `usage`.
 */
export async function openRun(command: RunCommand, cleanup: Cleanup): Promise<OpenedRun> {
  const { rules, rulesFile, options, surroundings, stop, log } = command;
  const folder = path.dirname(path.resolve(surroundings.cwd, rulesFile));
  const events = await openEvents(options, surroundings, () => {
    stop.interrupt('SIGINT');
  });
  const concurrency = mostAtOnce(options);
  const threads = await startThreads(command, cleanup);
  const memory = byteBudget(Math.floor(options.memory / (threads?.count ?? 1)));
  const means = { concurrency, memory };
  const bucket = await openBucket(rules.bucket, folder, means, stop.drain, surroundings, log);
  cleanup.add(() => bucket.close());
  const sources = await openSources(
    {
      rules: rules.rules.filter(command.needed),
      asks: isCopied,
      patience: 'giveUpAfter',
      allowPrivate: rules.allowPrivate || options.allowPrivate === true,
      folder,
      concurrency,
      rates: { bytesPerSecond: options.bandwidth, requestsPerSecond: options.requestsPerSecond },
      onState: (event) => {
        events.emit(event);
      },
      sharing: threads?.limits,
      drain: stop.drain,
      onWaiting: log.info,
    },
    surroundings,
  );
  cleanup.add(() => sources.close());
  // A run that is refused for its origins must leave no trace in the bucket.
  const admitted = sources.check(stop.drain);
  const [write, presence] = [options.dryRun !== true, needsPresence(options.overwrite)];
  const needs = { write, presence, admitted };
  const bucketId = await bucket.check(needs, stop.drain);
  noteLargeParts(command, memory);
  noteJudgedByServe(command);
  return { ...command, events, bucket, memory, bucketId, sources, threads };
}

/** They load while bucket and origins are checked. */
async function startThreads(
  { rules, needed, options, surroundings, log }: RunCommand,
  cleanup: Cleanup,
): Promise<RunThreads | undefined> {
  if (options.workers === 1) return undefined;
  const { threads: count, why } = threadCount(options, rules, rules.rules.filter(needed));
  if (why !== undefined) log.info(`--workers ${options.workers}: there are ${count}, since ${why}`);
  if (count === 1) return undefined;
  const { RunThreads: Started } = await import('./threads/run-threads.ts');
  const threads = new Started(count, () => surroundings.steadyClock.now());
  cleanup.add(() => threads.close());
  return threads;
}

/** Bulk commands know a key and no request. */
function noteJudgedByServe({ rules, needed, log }: RunCommand): void {
  for (const rule of rules.rules.filter(needed)) {
    const fields = judgedByServe(rule);
    if (fields.length === 0) continue;
    log.info(`rule ${rule.id}: ${fields.join(', ')}: for serve to judge, and left out here`);
  }
}

/** A part that has the whole budget for itself makes all others wait, which is slow but works. */
function noteLargeParts({ rules, needed, options, log }: RunCommand, memory: ByteBudget): void {
  if (rules.bucket.location.kind !== 's3' || options.dryRun === true) return;
  for (const { id, store } of rules.rules.filter(needed)) {
    const { partSizeBytes } = store.multipart;
    if (partSizeBytes <= memory.limitBytes) continue;
    const why = `rule ${id}: a part of ${bytesText(partSizeBytes)} takes all of --memory`;
    log.info(`${why}, so large objects go one part at a time; raise --memory or lower partSize`);
  }
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
  });
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
