import path from 'node:path';
import { countBucketRequests } from '../guard/count-requests.ts';
import { dryRunBucket } from '../guard/dry-run-bucket.ts';
import type { Checkpoint, Fingerprint } from '../model/checkpoint.ts';
import type { EntrySource } from '../model/entry.ts';
import { EXIT } from '../model/exit-code.ts';
import type { EventSink } from '../model/ports.ts';
import type { Rule, Rules } from '../model/rule.ts';
import { fingerprintDifferences } from '../rules/job-fingerprint.ts';
import { run, type RunResult } from '../run/run.ts';
import type { Notice } from './notice.ts';
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
  readonly notice: Notice;
}

/** Everything a run needs from outside, opened and found usable. */
export interface OpenedRun extends RunCommand {
  readonly events: EventSink;
  readonly bucket: OpenedBucket;
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
export async function openRun(command: RunCommand): Promise<OpenedRun> {
  const { rules, rulesFile, options, surroundings, stop, notice } = command;
  const folder = path.dirname(path.resolve(surroundings.cwd, rulesFile));
  const events = await openEvents(options, surroundings, () => {
    stop.interrupt('SIGINT');
  });
  const bucket = await openBucket(rules.bucket, folder, surroundings);
  await bucket.check();
  const sources = await openSources(
    {
      rules: rules.rules.filter(command.needed),
      allowPrivate: rules.allowPrivate || options.allowPrivate === true,
      folder,
      concurrency: concurrencyOf(options),
      onState: (event) => {
        events.emit(event);
      },
      notice,
    },
    surroundings,
  );
  try {
    await sources.check(stop.drain);
  } catch (error) {
    await sources.close();
    throw error;
  }
  return { ...command, events, bucket, sources };
}

/** Runs the engine and closes what `openRun` opened. */
export async function runEngine(opened: OpenedRun, work: RunWork): Promise<RunResult> {
  const { rules, options, surroundings, stop, sources, events, command } = opened;
  const counted = countBucketRequests(opened.bucket.bucket);
  const dryRun = options.dryRun === true;
  try {
    return await run({
      command,
      ...work,
      differences: fingerprintDifferences,
      examination: {
        rules,
        sources: sources.byRule,
        bucket: dryRun ? dryRunBucket(counted.bucket) : counted.bucket,
        overwrite: options.overwrite,
        dryRun,
      },
      events,
      clock: surroundings.clock,
      concurrency: concurrencyOf(options),
      bucketRequests: counted.count,
      onBoundary: surroundings.onBoundary,
      stop,
    });
  } finally {
    await sources.close();
  }
}

/**
 * The exit code of a run, with a word where the summary alone would leave users wondering.
 * @throws FatalError that ended the run.
 */
export function concludeRun({ summary, fatal }: RunResult, notice: Notice): number {
  if (fatal !== undefined && fatal.kind !== 'output-closed') throw fatal;
  if (summary.listed + summary.carried.listed === 0 && summary.exitCode === EXIT.complete) {
    notice(`${summary.command}: the list holds no keys, so there was nothing to do`);
  }
  return summary.exitCode;
}
