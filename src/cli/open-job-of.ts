import { type Job, openJob } from '../checkpoint/job-folder.ts';
import { type JobThread, startJobThread } from '../checkpoint/job-thread.ts';
import type { ResultsKept } from '../model/checkpoint.ts';
import type { Log } from '../report/log.ts';
import type { Cleanup } from './cleanup.ts';
import { stateDirectory } from './state-directory.ts';
import type { Stop } from './stop-signals.ts';
import type { Surroundings } from './surroundings.ts';

/** The flags that say which job is taken, and how. */
export interface JobOptions {
  readonly state?: string;
  readonly newJob?: true;
  readonly wait?: true;
  readonly results?: ResultsKept;
}

/** A command that works on a job. */
export interface JobCommand {
  readonly command: string;
  readonly rulesFile: string;
  readonly options: JobOptions;
  readonly surroundings: Surroundings;
  readonly stop: Stop;
  readonly log: Log;
  /** As `threadAhead` started it. */
  readonly thread?: JobThread | undefined;
}

/** Starts the thread of the job's state, so that it loads while origins and bucket are asked. */
export function threadAhead(cleanup: Cleanup): JobThread {
  const thread = startJobThread();
  cleanup.add(() => thread.close());
  return thread;
}

/**
 * Takes a job for this process, and says where an old state went.
 * @throws FatalError as `openJob`.
 */
export async function openJobOf(
  name: string,
  { command, rulesFile, options, surroundings, stop, log, thread }: JobCommand,
): Promise<Job> {
  const { clock, host, pid } = surroundings;
  const job = await openJob({
    stateDir: stateDirectory(rulesFile, options.state, surroundings),
    job: name,
    wait: options.wait === true,
    newJob: options.newJob === true,
    results: options.results ?? 'all',
    holder: { pid, host, command },
    clock,
    signal: stop.drain,
    onWaiting: log.info,
    thread,
  });
  if (job.setAside !== undefined) log.info(`the old state of job ${name} is in ${job.setAside}`);
  return job;
}
