import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type Job, openJob } from '../../checkpoint/job-folder.ts';
import type { ResultsKept } from '../../model/checkpoint.ts';
import type { EntrySource } from '../../model/entry.ts';
import { FatalError } from '../../model/failure.ts';
import { jobFingerprint } from '../../rules/job-fingerprint.ts';
import { noCheckpoint } from '../../run/no-checkpoint.ts';
import type { RunResult } from '../../run/run.ts';
import { openKeyList } from '../../scan/key-list.ts';
import { openSpooledList } from '../../scan/spool-list.ts';
import { Cleanup } from '../cleanup.ts';
import { jobName } from '../job-name.ts';
import { loadRules } from '../load-rules.ts';
import { logTo } from '../log-to.ts';
import { concludeRun, openRun, type OpenedRun, runEngine } from '../run-command.ts';
import type { RunOptions } from '../run-options.ts';
import { stateDirectory } from '../state-directory.ts';
import { stoppable } from '../stop-signals.ts';
import type { Surroundings } from '../surroundings.ts';

export interface MigrateOptions extends RunOptions {
  readonly keys?: string;
  readonly job?: string;
  readonly newJob?: true;
  readonly results?: ResultsKept;
  readonly wait?: true;
}

/** `bucketfill migrate`: copies what the bucket lacks of a list of keys. */
export async function migrate(
  rulesFile: string,
  options: MigrateOptions,
  surroundings: Surroundings,
): Promise<number> {
  const { keys, quiet } = options;
  const rules = await loadRules(rulesFile, surroundings, quiet === true);
  if (keys === undefined) {
    throw new FatalError('usage', 'migrate needs a key list: --keys FILE, or --keys - for stdin');
  }
  const log = logTo(surroundings, options);
  const cleanup = new Cleanup();
  return stoppable(surroundings, log, (stop) =>
    cleanup.around(async () => {
      // A list that can't be read is found out before anybody is asked anything.
      const list = keys === '-' ? undefined : await openList(keys, surroundings, cleanup);
      const command = { command: 'migrate', rulesFile, rules, options, surroundings, stop, log };
      const opened = await openRun({ ...command, needed: () => true }, cleanup);
      const work = { opened, options, keys, list, cleanup };
      const result = await (options.dryRun === true ? planOnly(work) : workOnJob(work));
      return concludeRun(result, log);
    }),
  );
}

interface Work {
  readonly opened: OpenedRun;
  readonly options: MigrateOptions;
  readonly keys: string;
  /** Undefined where the list is on stdin. */
  readonly list: EntrySource | undefined;
  readonly cleanup: Cleanup;
}

async function openList(
  keys: string,
  { cwd }: Surroundings,
  cleanup: Cleanup,
): Promise<EntrySource> {
  const list = await openKeyList({ path: path.resolve(cwd, keys) });
  cleanup.add(() => list.close());
  return list;
}

/** stdin is kept in a file as it is read, so that a later run can go on with it. */
async function spoolStdin(
  { opened, cleanup }: Work,
  folder: string,
  isFresh: boolean,
): Promise<EntrySource> {
  const { surroundings, stop } = opened;
  const { stdin: input, clock } = surroundings;
  const spoolPath = path.join(folder, 'stdin.list');
  if (isFresh) await rm(spoolPath, { force: true });
  const list = await openSpooledList({ input, spoolPath, clock, signal: stop.drain });
  cleanup.add(async () => {
    await list.close();
    input.destroy();
  });
  return list;
}

async function workOnJob(work: Work): Promise<RunResult> {
  const { opened, options, keys, list, cleanup } = work;
  const { rules, bucketId, log } = opened;
  const name = options.job ?? jobName(opened.rulesFile, 'migrate', keys, opened.surroundings.cwd);
  const job = await openMigrateJob(name, opened, options);
  cleanup.add(() => job.release());
  if (job.setAside !== undefined) log.info(`the old state of job ${name} is in ${job.setAside}`);
  const record = await job.checkpoint.load();
  // Only an interrupted job goes on with the list that it has spooled.
  const isFresh = record === undefined || record.finished;
  const entries = list ?? (await spoolStdin(work, job.directory, isFresh));
  const flags = { overwrite: options.overwrite, keys: keys === '-' ? 'stdin' : 'list' };
  const fingerprint = jobFingerprint(rules, bucketId, flags);
  const { checkpoint, uploads } = job;
  return runEngine(opened, { job: name, entries, checkpoint, uploads, fingerprint });
}

async function openMigrateJob(
  name: string,
  { rulesFile, surroundings, stop, log }: OpenedRun,
  options: MigrateOptions,
): Promise<Job> {
  const { clock, host, pid } = surroundings;
  return openJob({
    stateDir: stateDirectory(rulesFile, options.state, surroundings),
    job: name,
    wait: options.wait === true,
    newJob: options.newJob === true,
    results: options.results ?? 'all',
    holder: { pid, host, command: 'migrate' },
    clock,
    signal: stop.drain,
    onWaiting: log.info,
  });
}

/** A dry run keeps no state, and looks at the whole list whatever an interrupted run has done. */
async function planOnly(work: Work): Promise<RunResult> {
  const { opened, keys, list, cleanup } = work;
  const folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-'));
  cleanup.add(() => rm(folder, { recursive: true, force: true }));
  const entries = list ?? (await spoolStdin(work, folder, true));
  const job = `dry run of ${keys === '-' ? 'stdin' : keys}`;
  return runEngine(opened, { job, entries, checkpoint: noCheckpoint(), fingerprint: {} });
}
