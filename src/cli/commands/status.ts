import path from 'node:path';
import { readGauge } from '../../checkpoint/read-gauge.ts';
import { EXIT } from '../../model/exit-code.ts';
import type { CutoverStatus } from '../../model/serve-status.ts';
import type { Log } from '../../report/log.ts';
import { choiceText } from '../../report/choice-text.ts';
import { judgeCutover } from '../../serve/gauge/judge-cutover.ts';
import { type JobStatus, jobsOfRules } from '../jobs-of-rules.ts';
import { knownBucketId, sharedFolder } from '../known-bucket.ts';
import { loadRules } from '../load-rules.ts';
import { logTo } from '../log-to.ts';
import type { LogOptions } from '../run-options.ts';
import { stateDirectory } from '../state-directory.ts';
import { cutoverText, jobText } from '../status-text.ts';
import type { Surroundings } from '../surroundings.ts';

export interface StatusOptions extends LogOptions {
  readonly state?: string;
  readonly job?: string;
  readonly json?: true;
  readonly gate?: true;
}

/** What `--json` gives. */
interface Status {
  readonly jobs: readonly JobStatus[];
  /** Null where serve never ran on this bucket with this state. */
  readonly cutover: CutoverStatus | null;
}

/**
 * `bucketfill status`: how far the jobs of a rules file are and whether its origins can be switched
 * off, by the state alone: nobody is asked, no lock is waited for and nothing is written.
 */
export async function status(
  rulesFile: string,
  options: StatusOptions,
  surroundings: Surroundings,
): Promise<number> {
  const { bucket } = await loadRules(rulesFile, surroundings, options.quiet === true);
  const { cwd, clock } = surroundings;
  const stateDir = stateDirectory(rulesFile, options.state, surroundings);
  const bucketId = await knownBucketId(bucket, path.dirname(path.resolve(cwd, rulesFile)));
  const jobs = await jobsOfRules({ stateDir, rulesFile, cwd, bucketId, job: options.job });
  const record = bucketId === undefined ? undefined : readGauge(sharedFolder(stateDir, bucketId));
  const cutover = record === undefined ? null : judgeCutover(record, clock.now());
  tell({ jobs, cutover }, stateDir, options, surroundings);
  if (options.gate !== true) return EXIT.complete;
  warnOfUnfinished(jobs, logTo(surroundings, options));
  return cutover?.verdict.safe === true ? EXIT.complete : EXIT.someFailed;
}

function tell(
  told: Status,
  stateDir: string,
  { json, gate, job }: StatusOptions,
  { stdout, clock }: Surroundings,
): void {
  const { jobs, cutover } = told;
  if (json === true) {
    stdout.write(`${JSON.stringify(told)}\n`);
    return;
  }
  // Where nothing was ever recorded, the same words say so.
  const judged = cutover ?? judgeCutover({ watch: undefined, counts: [], keys: [] }, clock.now());
  if (gate === true) {
    stdout.write(`${judged.verdict.text}\n`);
    return;
  }
  const none = job === undefined ? 'no job of these rules' : `no job ${JSON.stringify(job)}`;
  const parts = [
    ...(jobs.length === 0 ? [`${none} in ${stateDir}`] : jobs.map(jobText)),
    cutover === null
      ? `no cutover gauge in ${stateDir}: serve has not run there`
      : cutoverText(cutover),
  ];
  stdout.write(`${parts.join('\n\n')}\n`);
}

/** The gauge knows only what clients asked for. */
function warnOfUnfinished(jobs: readonly JobStatus[], log: Log): void {
  // A scan's own job copies nothing.
  const copying = jobs.filter(({ command }) => command !== 'scan');
  // What one job leaves out another may have copied.
  const isAllCopied = copying.some((job) => job.filter === null && leftOf(job) === undefined);
  for (const job of copying) {
    const left = leftOf(job) ?? (isAllCopied ? undefined : leftOutOf(job));
    if (left !== undefined) {
      log.warn(`job ${job.job} ${left}: what it did not copy is at the origin only`);
    }
  }
}

function leftOutOf({ filter }: JobStatus): string | undefined {
  return filter === null ? undefined : `left keys out (${choiceText(filter)})`;
}

function leftOf({ state, failed, scan }: JobStatus): string | undefined {
  if (state !== 'complete') return 'is not complete';
  const unlisted = scan?.listingErrors ?? 0;
  const parts = [
    ...(failed > 0 ? [`has ${failed} failed keys`] : []),
    ...(unlisted > 0 ? [`could not list ${unlisted} pages`] : []),
  ];
  return parts.length === 0 ? undefined : parts.join(' and ');
}
