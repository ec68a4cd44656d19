import path from 'node:path';
import type { JobThread } from '../../checkpoint/job-thread.ts';
import type { Fingerprint } from '../../model/checkpoint.ts';
import { FatalError } from '../../model/failure.ts';
import type { EventSink } from '../../model/ports.ts';
import type { Rules } from '../../model/rule.ts';
import { fanOut } from '../../report/fan-out.ts';
import { jsonLines } from '../../report/json-lines.ts';
import { scanLines } from '../../report/scan-lines.ts';
import { jobFingerprint } from '../../rules/job-fingerprint.ts';
import { scan, type ScanResult } from '../../run/scan/scan.ts';
import { manifestPath } from '../../scan/journal/scan-journal.ts';
import { Cleanup } from '../cleanup.ts';
import { choiceOf, filterOfRun } from '../filter-of-run.ts';
import type { FilterOptions } from '../filter-options.ts';
import { loadRules } from '../load-rules.ts';
import { logTo } from '../log-to.ts';
import { manifestInFile, manifestOnStdout, type ManifestOutput } from '../manifest-output.ts';
import { openJobOf, threadAhead } from '../open-job-of.ts';
import type { OpenedWalks } from '../open-walks.ts';
import type { LogOptions } from '../run-options.ts';
import { type Stop, stoppable } from '../stop-signals.ts';
import type { Surroundings } from '../surroundings.ts';
import { takeUpScan } from '../take-up-scan.ts';
import { PAGES_AT_ONCE, type Scanning, type WalkOptions, walksOfRun } from '../walks-of-run.ts';

/** What commander hands to `scan`. */
export interface ScanCommandOptions extends LogOptions, WalkOptions, FilterOptions {
  /** A file, or `-` for stdout. */
  readonly output: string;
  readonly state?: string;
  readonly job?: string;
  readonly newJob?: true;
  readonly wait?: true;
  readonly concurrency: number | 'auto';
  readonly json?: true;
}

const STDOUT = '-';

interface ScanCommand extends Scanning {
  readonly options: ScanCommandOptions;
  readonly cleanup: Cleanup;
  readonly thread: JobThread;
}

/** `bucketfill scan`: walks the origins and writes what they hold as a manifest. */
export async function scanCommand(
  rulesFile: string,
  options: ScanCommandOptions,
  surroundings: Surroundings,
): Promise<number> {
  if (options.json === true && options.output === STDOUT) {
    throw new FatalError(
      'usage',
      'stdout carries the manifest, so --json needs the manifest in a file: give -o FILE',
    );
  }
  const rules = await loadRules(rulesFile, surroundings, options.quiet === true);
  const log = logTo(surroundings, options);
  const filter = await filterOfRun(options, log);
  const cleanup = new Cleanup();
  return stoppable(surroundings, log, (stop) =>
    cleanup.around(async () => {
      const thread = threadAhead(cleanup);
      const events = openScanEvents(options, surroundings, stop);
      const asked = { rulesFile, rules, filter, options, surroundings, stop, log };
      const scanning = { ...asked, cleanup, events, thread };
      const walks = await walksOfRun(scanning, pagesAtOnce(options), cleanup);
      const { summary, fatal } = await scanOnJob(scanning, walks);
      events.emit(summary);
      await events.flush();
      if (fatal !== undefined && fatal.kind !== 'output-closed') throw fatal;
      return summary.exitCode;
    }),
  );
}

function openScanEvents(
  { json, quiet }: ScanCommandOptions,
  { stdout, stderr, clock }: Surroundings,
  stop: Stop,
): EventSink {
  const onClosed = (): void => {
    stop.interrupt('SIGINT');
  };
  const print = (line: string): void => {
    stderr.write(`${line}\n`);
  };
  return fanOut([
    ...(json === true ? [jsonLines(stdout, onClosed)] : []),
    scanLines({ print, clock, quiet: quiet === true }),
  ]);
}

function pagesAtOnce({ concurrency }: ScanCommandOptions): number {
  return concurrency === 'auto' ? PAGES_AT_ONCE : concurrency;
}

async function scanOnJob(scanning: ScanCommand, walks: OpenedWalks): Promise<ScanResult> {
  const { rules, filter, options, surroundings, stop, log, cleanup, events } = scanning;
  const name = options.job ?? jobNameOf(scanning.rulesFile);
  const job = await openJobOf(name, {
    ...scanning,
    command: 'scan',
    options: { ...options, results: 'none' },
  });
  cleanup.add(() => job.release());
  const fingerprint = fingerprintOf(rules, options);
  const { journal, isFresh } = await takeUpScan(job, fingerprint, cleanup);
  if (isFresh) await job.checkpoint.begin(fingerprint);
  const output = await openOutput(options, manifestPath(job.directory), surroundings, stop);
  cleanup.add(() => output.close());
  const result = await scan({
    job: name,
    targets: walks.targets,
    rules: rules.rules,
    journal,
    filter,
    events,
    clock: surroundings.clock,
    concurrency: pagesAtOnce(options),
    stop,
    warn: log.warn,
    onSaved: output.follow,
    originRequests: walks.requests,
  });
  await output.finish(result.finished);
  if (result.finished) {
    await job.checkpoint.commit({ segments: [], results: [], finished: true });
  } else if (options.output !== STDOUT) {
    log.info(`${options.output} was not written: run again, and the scan goes on where it stands`);
  }
  return result;
}

/** What decides what a scan finds, and under which keys; where it is kept does not. */
function fingerprintOf(rules: Rules, options: ScanCommandOptions): Fingerprint {
  const whole = jobFingerprint(rules, '', {
    overwrite: 'never',
    keys: 'scan',
    // Told even where none is named, as by the first jobs of its kind.
    rule: '',
    'ignore-robots': String(options.ignoreRobots === true),
    ...choiceOf(options),
  });
  const isOfScan = ([name]: [string, string]): boolean =>
    name !== 'bucket' && !name.endsWith('.store');
  return Object.fromEntries(Object.entries(whole).filter(isOfScan));
}

function openOutput(
  { output }: ScanCommandOptions,
  manifest: string,
  surroundings: Surroundings,
  stop: Stop,
): Promise<ManifestOutput> {
  if (output !== STDOUT) return manifestInFile(output, manifest, surroundings);
  return Promise.resolve(
    manifestOnStdout(surroundings, manifest, () => {
      stop.interrupt('SIGINT');
    }),
  );
}

/** The same rules file finds the same scan again. */
function jobNameOf(rulesFile: string): string {
  return `${path.basename(rulesFile).replace(/\.ya?ml$/i, '')}.scan`;
}
