import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { jobDirectoryName } from '../checkpoint/job-directory-name.ts';
import { type KeptState, listStates } from '../checkpoint/list-states.ts';
import { type JobProgress, type JobReading, readJob } from '../checkpoint/read-job.ts';
import { type JobAtWork, whoWorksOnJob } from '../checkpoint/who-works-on-job.ts';
import type { KeyChoice, ScanTotals } from '../model/event.ts';
import { FatalError } from '../model/failure.ts';
import { isOfBucket, keyChoiceOf } from '../rules/job-fingerprint.ts';
import { jobName } from './job-name.ts';
import { readScanStatus } from './scan-status.ts';

/** What is known of one job; the JSON of `status` shows it as it is. */
export interface JobStatus extends JobProgress {
  readonly job: string;
  /** Null where neither the job's name nor who works on it tells. */
  readonly command: string | null;
  readonly state: 'running' | 'interrupted' | 'complete';
  readonly holder: JobAtWork | null;
  /** Failed keys are being tried again, or were when that was interrupted. */
  readonly reopened: boolean;
  /** Which keys it is about; null where it is about all. */
  readonly filter: KeyChoice | null;
  /** What its scan had found when it was saved last; null where it has none. */
  readonly scan: ScanTotals | null;
  /** When the state was written last; ISO 8601, UTC. */
  readonly changed: string;
}

/** Whose jobs are meant. */
export interface JobsWanted {
  readonly stateDir: string;
  readonly rulesFile: string;
  readonly cwd: string;
  /** Undefined where nobody knows it yet. */
  readonly bucketId: string | undefined;
  /** The only job that is meant. */
  readonly job: string | undefined;
}

/** Commands whose jobs are called after them and the source of their keys. */
const COMMANDS = ['migrate', 'sync', 'prefetch', 'verify', 'retry'];
const NAMED_BY_SOURCE = new RegExp(`\\.(${COMMANDS.join('|')})\\.(stdin|scan|.+-[0-9a-f]{8})$`);
/** A scan is called after the rules alone. */
const SCAN = 'scan';

/**
 * The jobs of a rules file, by name: those that are called after it, and those with a name of their
 * own that fill its bucket. Reads only, and takes no lock.
 * @throws FatalError `state-unusable`; `usage` for a name that can't be a job's.
 */
export async function jobsOfRules(wanted: JobsWanted): Promise<readonly JobStatus[]> {
  await refuseUnreadable(wanted.stateDir);
  const states = await listStates(wanted.stateDir);
  const found: JobStatus[] = [];
  for (const kept of states.filter(({ setAside }) => !setAside)) {
    const status = await statusOf(kept, wanted);
    if (status !== undefined) found.push(status);
  }
  return found;
}

async function refuseUnreadable(stateDir: string): Promise<void> {
  try {
    await readdir(path.join(stateDir, 'jobs'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    const said = error instanceof Error ? error.message : String(error);
    const why = `the state directory ${stateDir} can't be read (${said}): make it readable, or name another with --state`;
    throw new FatalError('state-unusable', why, error);
  }
}

async function statusOf(kept: KeptState, wanted: JobsWanted): Promise<JobStatus | undefined> {
  const named = commandInName(kept.job, wanted);
  if (isOther(kept.job, named, wanted)) return undefined;
  // First who works: a run that ends meanwhile leaves what it noted, and is then told as running.
  const holder = whoWorksOnJob(path.dirname(kept.directory)) ?? null;
  const reading = readJob(kept.directory);
  if (reading === undefined) return undefined;
  if (!isMeant(reading, named, holder, wanted)) return undefined;
  const state = reading.finished ? 'complete' : 'interrupted';
  return {
    job: kept.job,
    command: holder?.command ?? named ?? commandOf(reading),
    state: holder === null ? state : 'running',
    holder,
    reopened: reading.reopened,
    ...reading.progress,
    filter: keyChoiceOf(reading.fingerprint),
    scan: (await readScanStatus(kept.directory)) ?? null,
    changed: new Date(await changedMs(kept)).toISOString(),
  };
}

/** Whether the name alone says that the job is not meant. */
function isOther(job: string, named: string | undefined, { job: only }: JobsWanted): boolean {
  if (only !== undefined) return job !== jobDirectoryName(only);
  return named === undefined && NAMED_BY_SOURCE.test(job);
}

/** The command that the job is called after, together with the rules file. */
function commandInName(job: string, { rulesFile, cwd }: JobsWanted): string | undefined {
  const prefixOf = (command: string): string =>
    jobName(rulesFile, command, '-', cwd).replace(/stdin$/, '');
  const isBelow = (prefix: string): boolean =>
    job.startsWith(prefix.replace(/^[.-]/, '_')) || job.startsWith(prefix);
  const named = COMMANDS.find((command) => isBelow(prefixOf(command)));
  if (named !== undefined) return named;
  return job === jobDirectoryName(prefixOf(SCAN).slice(0, -1)) ? SCAN : undefined;
}

/** Only a scan has no bucket. */
function commandOf({ fingerprint }: JobReading): string | null {
  return fingerprint !== undefined && fingerprint['bucket'] === undefined ? SCAN : null;
}

/** A state in which nothing was ever begun is no job, unless somebody is about to. */
function isMeant(
  { fingerprint }: JobReading,
  named: string | undefined,
  holder: JobAtWork | null,
  { job: only, bucketId }: JobsWanted,
): boolean {
  if (fingerprint === undefined && holder === null) return false;
  if (named !== undefined || only !== undefined) return true;
  return fingerprint !== undefined && bucketId !== undefined && isOfBucket(fingerprint, bucketId);
}

/** What was committed last may still be in the log beside the file. */
async function changedMs({ directory, changedMs: ofFile }: KeptState): Promise<number> {
  const log = await stat(path.join(directory, 'checkpoint.db-wal')).catch(() => undefined);
  return Math.max(ofFile, log !== undefined && log.size > 0 ? log.mtimeMs : 0);
}
