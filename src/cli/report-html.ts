import path from 'node:path';
import { lastResults } from '../checkpoint/last-results.ts';
import { type LastRun, readLastRun } from '../checkpoint/last-run.ts';
import type { BucketSettings } from '../model/rule.ts';
import { reportPage } from '../page/report-page.ts';
import { RunTally } from '../report/run-report/run-tally.ts';
import { runVerdict } from '../report/run-report/run-verdict.ts';
import { wholeTally } from '../report/run-report/whole-tally.ts';
import type { JobStatus } from './jobs-of-rules.ts';
import { reportListingFailures } from './report-listing-failures.ts';
import { version } from './version.ts';

export interface ReportedJob {
  readonly status: JobStatus;
  /** Where the job's files are. */
  readonly directory: string;
  readonly rulesFile: string;
  readonly bucket: BucketSettings;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/** The report of a job as a page. */
export async function reportHtml(reported: ReportedJob): Promise<string> {
  const { status, directory, rulesFile, bucket, nowMs } = reported;
  const run = (await readLastRun(directory)) ?? null;
  const summary = run?.summary ?? null;
  const tally = new RunTally(startOf(run));
  for await (const batch of lastResults(directory)) for (const result of batch) tally.add(result);
  const totals = wholeTally(status, summary);
  return reportPage({
    version,
    nowMs,
    job: status.job,
    command: run?.command ?? status.command,
    rulesFile: path.basename(rulesFile),
    bucket: bucketText(bucket),
    verdict: runVerdict({ ...status, ...totals }, summary),
    isRunning: status.state === 'running',
    totals,
    run,
    figures: tally.figures,
    listingFailures: await reportListingFailures(directory),
  });
}

function startOf(run: LastRun | null): number | undefined {
  return run === null ? undefined : Date.parse(run.started);
}

function bucketText({ location }: BucketSettings): string {
  return location.kind === 's3'
    ? `s3://${location.bucket}/${location.prefix}`
    : `file:${location.path}`;
}
