import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Checkpoint, ResultsKept } from '../model/checkpoint.ts';
import type { Clock } from '../model/ports.ts';
import type { UploadJournal } from '../model/upload-journal.ts';
import { jobDirectoryName } from './job-directory-name.ts';
import type { JobHolder } from './job-holder.ts';
import { lockJob } from './job-lock.ts';
import { type JobThread, startJobThread } from './job-thread.ts';
import { makeFolder, syncDirectory, told } from './prepare-folder.ts';
import { openSqliteState, type ReopenableEntries } from './sqlite-state.ts';

export interface OpenJobOptions {
  /** Made when it is missing. */
  readonly stateDir: string;
  /** The job's name, as people gave it. */
  readonly job: string;
  /** Waits for the job's lock instead of failing. */
  readonly wait: boolean;
  /** Sets what the job holds aside first. */
  readonly newJob: boolean;
  /** Which outcomes the state keeps a line of. */
  readonly results: ResultsKept;
  readonly holder: JobHolder;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told in a line when waiting for the lock begins. */
  readonly onWaiting?: ((message: string) => void) | undefined;
  /** The state's thread, where it was started ahead. */
  readonly thread?: JobThread | undefined;
}

/** A job that this process works on and nobody else does. */
export interface Job {
  /** Where the job's files are; whoever works on the job may keep more of them there. */
  readonly directory: string;
  readonly checkpoint: Checkpoint;
  /** In the same file as the checkpoint. */
  readonly uploads: UploadJournal;
  /** In the same file as well. */
  readonly failed: ReopenableEntries;
  /** Where `newJob` put the old state; undefined where there was none. */
  readonly setAside: string | undefined;
  /** Closes the checkpoint and gives the job back; safe to call twice. */
  release(): Promise<void>;
}

/**
 * Takes a job for this process and opens its checkpoint. Nothing is written before it is called.
 *
 *     <stateDir>/.gitignore
 *     <stateDir>/jobs/<job>/lock.db, lock.json       who works on it; they never move
 *     <stateDir>/jobs/<job>/state/                   the job's `directory`
 *     <stateDir>/jobs/<job>/state/checkpoint.db      segments, totals, uploads under way
 *     <stateDir>/jobs/<job>/state/results/           a line an outcome; see `readResults`
 *     <stateDir>/jobs/<job>.old-<time>/              a state that was set aside, in one rename
 *
 * @throws FatalError `usage` for a name that can't be a job's, `job-locked`, `state-unusable`.
 */
export async function openJob(options: OpenJobOptions): Promise<Job> {
  const { stateDir } = options;
  const folder = join(stateDir, 'jobs', jobDirectoryName(options.job));
  const thread = options.thread ?? startJobThread();
  try {
    const { durable } = await makeFolder(stateDir, folder);
    await told(stateDir, () => lockJob({ ...options, directory: folder, thread }));
    const state = await told(stateDir, () => openState({ ...options, thread }, folder));
    await durable;
    return { ...state, release: () => thread.close() };
  } catch (error) {
    await thread.close();
    throw error;
  }
}

async function openState(
  { newJob, results, clock, thread }: OpenJobOptions,
  folder: string,
): Promise<Omit<Job, 'release'>> {
  const directory = join(folder, 'state');
  const setAside = newJob ? await putAside(directory, folder, clock) : undefined;
  await mkdir(directory, { recursive: true });
  const durable = syncDirectory(folder);
  durable.catch(() => undefined);
  const file = join(directory, 'checkpoint.db');
  const state = await openSqliteState({ file, results, now: () => clock.now(), thread });
  await durable;
  return { ...state, directory, setAside };
}

async function putAside(
  directory: string,
  folder: string,
  clock: Clock,
): Promise<string | undefined> {
  if (!existsSync(directory)) return undefined;
  const time = new Date(clock.now()).toISOString().replace(/[:.]/g, '-');
  let target = `${folder}.old-${time}`;
  for (let again = 2; existsSync(target); again += 1) target = `${folder}.old-${time}-${again}`;
  await rename(directory, target);
  await syncDirectory(folder);
  await syncDirectory(dirname(folder));
  return target;
}
