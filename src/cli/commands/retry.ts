import type { EntrySource } from '../../model/entry.ts';
import type { ScanTotals } from '../../model/event.ts';
import { jobFingerprint } from '../../rules/job-fingerprint.ts';
import { noCheckpoint } from '../../run/no-checkpoint.ts';
import type { RunResult, RunScan } from '../../run/run.ts';
import { Cleanup } from '../cleanup.ts';
import { loadRules } from '../load-rules.ts';
import { logTo } from '../log-to.ts';
import { tellNothing } from '../nothing-to-retry.ts';
import { openEvents } from '../open-events.ts';
import { failedSegments, reopenedOnly, toRetryOnly } from '../retried-entries.ts';
import { openRetryEntries, type RetryJob, type RetryWanted, takeRetryJob } from '../retry-job.ts';
import { openRun, type OpenedRun } from '../run-command.ts';
import { concludeRun, runEngine } from '../run-engine.ts';
import type { RunOptions } from '../run-options.ts';
import { stoppable } from '../stop-signals.ts';
import { supersedingResults } from '../superseding-results.ts';
import type { Surroundings } from '../surroundings.ts';

/** What commander hands to `retry`; what is overwritten is the job's to say. */
export interface RetryOptions extends Omit<RunOptions, 'overwrite'> {
  readonly job?: string;
  readonly wait?: true;
}

/** `bucketfill retry`: runs again only what failed in the last run. */
export async function retry(
  rulesFile: string,
  options: RetryOptions,
  surroundings: Surroundings,
): Promise<number> {
  const rules = await loadRules(rulesFile, surroundings, options.quiet === true);
  const log = logTo(surroundings, options);
  const cleanup = new Cleanup();
  return stoppable(surroundings, log, (stop) =>
    cleanup.around(async () => {
      const wanted = { rulesFile, rules, options, surroundings, stop, log };
      const job = await takeRetryJob(wanted, cleanup);
      noteUnlisted(job, wanted);
      const settings = { ...options, overwrite: overwriteOf(job) };
      if (!job.isReopened && job.totals.failed === 0) {
        return tellAllIsWell(job, { ...wanted, options: settings });
      }
      const entries = await openRetryEntries(job, wanted, cleanup);
      const command = { ...wanted, command: 'retry', options: settings, needed: () => true };
      const opened = await openRun(command, cleanup);
      const result = await (options.dryRun === true
        ? planOnly(opened, job, entries)
        : tryAgain(opened, job, entries));
      return concludeRun(result, log);
    }),
  );
}

function overwriteOf({ source }: RetryJob): RunOptions['overwrite'] {
  const { overwrite } = source.flags;
  return overwrite === 'changed' || overwrite === 'always' ? overwrite : 'never';
}

/** A retry scans nothing, so what could not be listed stays so. */
function noteUnlisted({ scan, source }: RetryJob, { rulesFile, log }: RetryWanted): void {
  if (scan === undefined || scan.listingErrors === 0) return;
  const again = `\`bucketfill ${source.command} ${rulesFile}\` scans again`;
  log.warn(`${scan.listingErrors} pages could not be listed, keys below are missing: ${again}`);
}

async function tellAllIsWell(
  { name, totals, scan }: RetryJob,
  { surroundings, stop, log, options }: RetryWanted & { readonly options: RunOptions },
): Promise<number> {
  const events = await openEvents(options, surroundings, () => {
    stop.interrupt('SIGINT');
  });
  const settled = { job: name, totals, scan, nowMs: surroundings.clock.now() };
  const { exitCode } = tellNothing(settled, events);
  await events.flush();
  log.info(`retry: no key failed in job ${name}, so there was nothing to try again`);
  return exitCode;
}

async function tryAgain(
  opened: OpenedRun,
  job: RetryJob,
  entries: EntrySource,
): Promise<RunResult> {
  const { name, source, failed, totals, uploads } = job;
  if (!job.isReopened) await failed.reopen();
  return runEngine(opened, {
    job: name,
    directory: job.directory,
    entries: reopenedOnly(entries, totals.position),
    ...scanBefore(job.scan),
    checkpoint: supersedingResults(job.checkpoint, source.results),
    uploads,
    fingerprint: jobFingerprint(opened.rules, opened.bucketId, source.flags),
  });
}

/** Nothing is kept of it, and the failed entries stay as they are. */
async function planOnly(
  opened: OpenedRun,
  { name, checkpoint, failed, isReopened, scan }: RetryJob,
  entries: EntrySource,
): Promise<RunResult> {
  const segments = isReopened ? await checkpoint.openSegments() : failedSegments(failed);
  return runEngine(opened, {
    job: `dry run of the retry of ${name}`,
    entries: toRetryOnly(entries, segments),
    ...scanBefore(scan),
    checkpoint: noCheckpoint(),
    fingerprint: {},
  });
}

/** The scan that made the entries is over; what it could not list keeps the job incomplete. */
function scanBefore(totals: ScanTotals | undefined): { readonly scan?: RunScan } {
  if (totals === undefined) return {};
  const found = { totals, fatal: undefined, requests: 0 };
  return {
    scan: { begin: () => undefined, moves: () => 0, conclude: () => Promise.resolve(found) },
  };
}
