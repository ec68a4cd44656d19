import path from 'node:path';
import { dryRunBucket } from '../guard/dry-run-bucket.ts';
import type { Checkpoint, Fingerprint } from '../model/checkpoint.ts';
import type { EntrySource } from '../model/entry.ts';
import { EXIT } from '../model/exit-code.ts';
import type { EventSink } from '../model/ports.ts';
import type { Rule, Rules } from '../model/rule.ts';
import { needsPresence } from '../plan/decide-copy.ts';
import { fingerprintDifferences } from '../rules/job-fingerprint.ts';
import type { Cleanup } from './cleanup.ts';
import type { Log } from '../report/log.ts';
import { PresenceFinder } from '../run/presence.ts';
import { run, type RunResult } from '../run/run.ts';
import { type OpenedBucket, openBucket } from './open-bucket.ts';
import { openEvents } from './open-events.ts';
import { openSources, type OpenedSources } from './open-sources.ts';
import { concurrencyOf, type RunOptions } from './run-options.ts';
import type { Stop } from './stop-signals.ts';
import type { Surroundings } from './surroundings.ts';

/** A command that runs the engine, before its entries are known. */
export interface RunCommand {
  readonly command: string;
  readonly rulesFile: string;
  readonly rules: Rules;
  /** The rules that may be needed; origins of others are neither opened nor checked. */
  readonly needed: (rule: Rule) => boolean;
  readonly options: RunOptions;
  readonly surroundings: Surroundings;
  readonly stop: Stop;
  readonly log: Log;
}

/** Everything a run needs from outside, opened and found usable. */
export interface OpenedRun extends RunCommand {
  readonly events: EventSink;
  readonly bucket: OpenedBucket;
  /** Names this very bucket. */
  readonly bucketId: string;
  readonly sources: OpenedSources;
}

/** What a run works through, and where it keeps its state. */
export interface RunWork {
  readonly job: string;
  readonly entries: EntrySource;
  readonly checkpoint: Checkpoint;
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
  const concurrency = concurrencyOf(options);
  const bucket = await openBucket(rules.bucket, folder, concurrency, stop.drain, surroundings, log);
  cleanup.add(() => bucket.close());
  const sources = await openSources(
    {
      rules: rules.rules.filter(command.needed),
      allowPrivate: rules.allowPrivate || options.allowPrivate === true,
      folder,
      concurrency,
      onState: (event) => {
        events.emit(event);
      },
      drain: stop.drain,
      onWaiting: log.info,
    },
    surroundings,
  );
  cleanup.add(() => sources.close());
  // The origins first: a run that is refused for them must leave no trace in the bucket.
  await sources.check(stop.drain);
  const needs = { write: options.dryRun !== true, presence: needsPresence(options.overwrite) };
  const bucketId = await bucket.check(needs, stop.drain);
  return { ...command, events, bucket, bucketId, sources };
}

/** Runs the engine. */
export async function runEngine(opened: OpenedRun, work: RunWork): Promise<RunResult> {
  const { rules, options, surroundings, stop, sources, events, command } = opened;
  const dryRun = options.dryRun === true;
  const bucket = dryRun ? dryRunBucket(opened.bucket.bucket) : opened.bucket.bucket;
  return run({
    command,
    ...work,
    differences: fingerprintDifferences,
    examination: {
      rules,
      sources: sources.byRule,
      bucket,
      presence: new PresenceFinder({
        bucket,
        headIsCheap: opened.bucket.headIsCheap,
        exclusiveCreate: opened.bucket.exclusiveCreate,
        clock: surroundings.clock,
        note: opened.log.debug,
        warn: opened.log.warn,
      }),
      overwrite: options.overwrite,
      dryRun,
    },
    events,
    clock: surroundings.clock,
    concurrency: concurrencyOf(options),
    bucketRequests: opened.bucket.requests,
    onBoundary: surroundings.onBoundary,
    stop,
  });
}

/**
 * The exit code of a run, with a word where the summary alone would leave users wondering.
 * @throws FatalError that ended the run.
 */
export function concludeRun({ summary, fatal }: RunResult, log: Log): number {
  if (fatal !== undefined && fatal.kind !== 'output-closed') throw fatal;
  if (summary.listed + summary.carried.listed === 0 && summary.exitCode === EXIT.complete) {
    log.info(`${summary.command}: the list holds no keys, so there was nothing to do`);
  }
  return summary.exitCode;
}
