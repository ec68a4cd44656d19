import path from 'node:path';
import { EXIT } from '../../model/exit-code.ts';
import { FatalError } from '../../model/failure.ts';
import { jobsOfRules } from '../jobs-of-rules.ts';
import { knownBucketId } from '../known-bucket.ts';
import { loadRules } from '../load-rules.ts';
import { logTo } from '../log-to.ts';
import { reportHtml } from '../report-html.ts';
import { reportJob } from '../report-job.ts';
import { type LinesFormat, reportLines } from '../report-lines.ts';
import { openReportOutput } from '../report-output.ts';
import type { LogOptions } from '../run-options.ts';
import { stateDirectory } from '../state-directory.ts';
import type { Surroundings } from '../surroundings.ts';

export interface ReportOptions extends LogOptions {
  readonly format: 'html' | LinesFormat;
  /** Absent, or `-`: stdout. */
  readonly output?: string;
  readonly failures?: true;
  readonly state?: string;
  readonly job?: string;
}

/**
 * `bucketfill report`: what became of every key of a job, and how its last run went, by the state
 * alone: nobody is asked, no lock is waited for, and nothing is written but the report.
 */
export async function report(
  rulesFile: string,
  options: ReportOptions,
  surroundings: Surroundings,
): Promise<number> {
  refuseSenseless(options, surroundings);
  const { bucket } = await loadRules(rulesFile, surroundings, options.quiet === true);
  const { cwd, clock } = surroundings;
  const stateDir = stateDirectory(rulesFile, options.state, surroundings);
  const bucketId = await knownBucketId(bucket, path.dirname(path.resolve(cwd, rulesFile)));
  const jobs = await jobsOfRules({ stateDir, rulesFile, cwd, bucketId, job: options.job });
  const status = reportJob(jobs, options.job, stateDir, logTo(surroundings, options));
  const directory = path.join(stateDir, 'jobs', status.job, 'state');
  const output = await openReportOutput(options.output, surroundings);
  try {
    if (options.format === 'html') {
      const reported = { status, directory, rulesFile, bucket, nowMs: clock.now() };
      await output.write(await reportHtml(reported));
    } else {
      const { format, failures } = options;
      const { job } = status;
      const lines = { format, job, directory, bucket, failuresOnly: failures === true };
      await reportLines(lines, output);
    }
    await output.finish();
  } finally {
    await output.close();
  }
  return EXIT.complete;
}

/** @throws FatalError `usage` for what nobody can mean. */
function refuseSenseless(
  { format, output, failures }: ReportOptions,
  { stdout }: Surroundings,
): void {
  if (format !== 'html') return;
  if (failures === true) {
    const why = '--failures is for reports of lines: add --format jsonl, csv, gcs or s3-batch';
    throw new FatalError('usage', why);
  }
  const isTerminal = 'isTTY' in stdout && stdout.isTTY === true;
  if (output === undefined && isTerminal) {
    const why =
      'an HTML report on a terminal is of no use: add -o report.html, or --format jsonl; `bucketfill status` tells the totals';
    throw new FatalError('usage', why);
  }
}
