import path from 'node:path';
import { jobDirectoryName } from '../checkpoint/job-directory-name.ts';
import type { Job } from '../checkpoint/job-folder.ts';
import type { Fingerprint, JobTotals } from '../model/checkpoint.ts';
import type { EntrySource } from '../model/entry.ts';
import type { KeyChoice, ScanTotals } from '../model/event.ts';
import { FatalError } from '../model/failure.ts';
import type { Rules } from '../model/rule.ts';
import type { Log } from '../report/log.ts';
import { choiceText } from '../report/choice-text.ts';
import { fingerprintDifferences, jobFingerprint, keyChoiceOf } from '../rules/job-fingerprint.ts';
import { chooseRetry } from './choose-retry.ts';
import type { Cleanup } from './cleanup.ts';
import { jobName } from './job-name.ts';
import { type EntriesFrom, type JobSource, readSource } from './job-source.ts';
import { jobsOfRules } from './jobs-of-rules.ts';
import { knownBucketId } from './known-bucket.ts';
import { openJobOf } from './open-job-of.ts';
import { readScanStatus } from './scan-status.ts';
import { openSourceEntries } from './source-entries.ts';
import { stateDirectory } from './state-directory.ts';
import type { Stop } from './stop-signals.ts';
import type { Surroundings } from './surroundings.ts';

/** Whose failed keys are meant, and who is about to try them again. */
export interface RetryWanted {
  readonly rulesFile: string;
  readonly rules: Rules;
  readonly options: { readonly state?: string; readonly job?: string; readonly wait?: true };
  readonly surroundings: Surroundings;
  readonly stop: Stop;
  readonly log: Log;
}

/** A job that this process holds, whose failed keys can be tried again. */
export interface RetryJob extends Job {
  readonly name: string;
  readonly source: JobSource;
  readonly totals: JobTotals;
  /** A retry of it was interrupted. */
  readonly isReopened: boolean;
  /** What its scan found, where one made its entries. */
  readonly scan: ScanTotals | undefined;
}

/**
 * Takes the job whose failed keys are to be tried again. Nobody is asked, and nothing is changed.
 * @throws FatalError `usage` where there is none, or where the command that began it has to end it
 * first; `job-differs`, `job-locked`, `state-unusable`.
 */
export async function takeRetryJob(wanted: RetryWanted, cleanup: Cleanup): Promise<RetryJob> {
  const name = await chosenJob(wanted);
  const job = await openJobOf(name, { ...wanted, command: 'retry' });
  cleanup.add(() => job.release());
  const [record, totals, isReopened, source, scan] = await Promise.all([
    job.checkpoint.load(),
    job.checkpoint.totals(),
    job.failed.isReopened(),
    readSource(job.directory),
    readScanStatus(job.directory),
  ]);
  if (source === undefined) throw unknownSource(name);
  if (record?.finished !== true && !isReopened) {
    throw interrupted(name, source, keyChoiceOf(record?.fingerprint), wanted);
  }
  await refuseDifferent(record?.fingerprint ?? {}, source, wanted);
  return { ...job, name, source, totals, isReopened, scan };
}

async function chosenJob(wanted: RetryWanted): Promise<string> {
  const { rulesFile, rules, options, surroundings, log } = wanted;
  const { cwd } = surroundings;
  const stateDir = stateDirectory(rulesFile, options.state, surroundings);
  const bucketId = await knownBucketId(rules.bucket, folderOf(wanted));
  const jobs = await jobsOfRules({ stateDir, rulesFile, cwd, bucketId, job: options.job });
  const choice = chooseRetry(jobs);
  if (choice === undefined) {
    const none = options.job === undefined ? 'no job' : `no job ${JSON.stringify(options.job)}`;
    const why = `retry: ${none} of these rules that copies anything in ${stateDir}`;
    throw new FatalError('usage', `${why}: fill the bucket by \`bucketfill migrate\` first`);
  }
  const { job, others } = choice;
  if (others.length > 0) {
    const more = others.map((other) => other.job).join(', ');
    log.info(`retry: job ${job.job}, which ran last; --job takes another with failures: ${more}`);
  }
  return options.job ?? job.job;
}

/** What has changed since is told before anybody is asked and before anything is opened again. */
async function refuseDifferent(
  before: Fingerprint,
  { flags }: JobSource,
  wanted: RetryWanted,
): Promise<void> {
  const { rules } = wanted;
  const bucketId = await knownBucketId(rules.bucket, folderOf(wanted));
  const now = jobFingerprint(rules, bucketId ?? rules.bucket.url, flags);
  const differing = fingerprintDifferences(before, now);
  if (differing.length > 0) throw differs(differing.join('; '));
}

/**
 * The job's entries, if they are still those that it was begun with.
 * @throws FatalError `usage` where its list is gone, `job-differs` where it is another one.
 */
export async function openRetryEntries(
  { source, directory, totals }: RetryJob,
  { stop, log }: RetryWanted,
  cleanup: Cleanup,
): Promise<EntrySource> {
  const read = { note: log.info, signal: stop.drain };
  const entries = await openSourceEntries(source.entries, directory, read, cleanup);
  if (await entries.startsWith(totals.position, stop.drain)) return entries;
  throw differs(`${entries.name} no longer begins with the keys that were read from it`);
}

function folderOf({ rulesFile, surroundings }: RetryWanted): string {
  return path.dirname(path.resolve(surroundings.cwd, rulesFile));
}

function differs(what: string): FatalError {
  const advice = 'Change it back to retry, or run the command that began it with --new-job';
  return new FatalError('job-differs', `this job was begun otherwise: ${what}. ${advice}`);
}

function unknownSource(name: string): FatalError {
  const why = `retry: job ${name} does not say where its keys came from`;
  return new FatalError('usage', `${why}: run the command that began it again, which says it`);
}

function interrupted(
  name: string,
  source: JobSource,
  choice: KeyChoice | null,
  wanted: RetryWanted,
): FatalError {
  const filter = choice === null ? '' : ` ${choiceText(choice)}`;
  const again = `run \`${commandLine(name, source, wanted)}${filter}\` again, which resumes it`;
  return new FatalError('usage', `retry: job ${name} was interrupted: ${again}; then retry`);
}

/** How the job is gone on with, as people would type it. */
function commandLine(
  name: string,
  { command, entries }: JobSource,
  { rulesFile, surroundings }: RetryWanted,
): string {
  const keys = keysOf(entries);
  const isNamed = name !== jobDirectoryName(jobName(rulesFile, command, keys, surroundings.cwd));
  const words = ['bucketfill', command, rulesFile];
  if (keys !== undefined) words.push('--keys', keys);
  if (isNamed) words.push('--job', name);
  return words.join(' ');
}

function keysOf(entries: EntriesFrom): string | undefined {
  switch (entries.from) {
    case 'list':
      return entries.path;
    case 'stdin':
      return '-';
    case 'scan':
    case 'changes':
      return undefined;
  }
}
