import path from 'node:path';
import { byteBudget, type ByteBudget } from '../guard/byte-budget.ts';
import type { EventSink } from '../model/ports.ts';
import type { Rule, Rules } from '../model/rule.ts';
import { needsPresence } from '../plan/decide-copy.ts';
import type { KeyFilter } from '../plan/key-filter.ts';
import { judgedByServe } from '../rules/judged-by-serve.ts';
import type { Cleanup } from './cleanup.ts';
import type { Log } from '../report/log.ts';
import { bytesText } from '../report/quantity.ts';
import { type OpenedBucket, openBucket } from './open-bucket.ts';
import { openEvents } from './open-events.ts';
import { isCopied, openSources, type OpenedSources } from './open-sources.ts';
import { mostAtOnce, type RunOptions } from './run-options.ts';
import type { Stop } from './stop-signals.ts';
import type { Surroundings } from './surroundings.ts';
import type { RunThreads } from './threads/run-threads.ts';
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
