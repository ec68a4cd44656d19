import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type Job, openJob } from '../../checkpoint/job-folder.ts';
import type { EntrySource } from '../../model/entry.ts';
import { FatalError } from '../../model/failure.ts';
import { jobFingerprint } from '../../rules/job-fingerprint.ts';
import { noCheckpoint } from '../../run/no-checkpoint.ts';
import type { RunResult } from '../../run/run.ts';
import { openKeyList } from '../../scan/key-list.ts';
import { openSpooledList } from '../../scan/spool-list.ts';
import { jobName } from '../job-name.ts';
import { loadRules } from '../load-rules.ts';
import { noticeTo } from '../notice.ts';
import { concludeRun, openRun, type OpenedRun, runEngine } from '../run-command.ts';
import type { RunOptions } from '../run-options.ts';
import { stoppable } from '../stop-signals.ts';
import type { Surroundings } from '../surroundings.ts';

export interface MigrateOptions extends RunOptions {
  readonly keys?: string;
  readonly job?: string;
  readonly newJob?: true;
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
  const notice = noticeTo(surroundings, quiet === true);
  return stoppable(surroundings, notice, async (stop) => {
    // A list that can't be read is found out before anybody is asked anything.
    const list = keys === '-' ? undefined : await openList(keys, surroundings);
    const opened = await openRun({
      command: 'migrate',
      rulesFile,
      rules,
      needed: () => true,
      options,
      surroundings,
      stop,
      notice,
    });
    const work = { opened, options, keys, list };
    const result = await (options.dryRun === true ? planOnly(work) : workOnJob(work));
    return concludeRun(result, notice);
  });
}

interface Work {
  readonly opened: OpenedRun;
  readonly options: MigrateOptions;
  readonly keys: string;
  /** Undefined where the list is on stdin. */
  readonly list: EntrySource | undefined;
}

async function openList(keys: string, { cwd }: Surroundings): Promise<EntrySource> {
  return openKeyList({ path: path.resolve(cwd, keys) });
}

async function workOnJob({ opened, options, keys, list }: Work): Promise<RunResult> {
  const { rules, rulesFile, surroundings, stop, notice } = opened;
  const { cwd, clock, stdin, host, pid } = surroundings;
  const name = options.job ?? jobName(rulesFile, 'migrate', keys, cwd);
  const stateDir =
    options.state === undefined
      ? path.join(path.dirname(path.resolve(cwd, rulesFile)), '.bucketfill')
      : path.resolve(cwd, options.state);
  const job: Job = await openJob({
    stateDir,
    job: name,
    wait: options.wait === true,
    newJob: options.newJob === true,
    holder: { pid, host, command: 'migrate' },
    clock,
    signal: stop.drain,
    onWaiting: notice,
  });
  try {
    if (job.setAside !== undefined) notice(`the old state of job ${name} is in ${job.setAside}`);
    const spool = { input: stdin, spoolPath: path.join(job.directory, 'stdin.list') };
    const entries = list ?? (await openSpooledList({ ...spool, clock, signal: stop.drain }));
    const flags = { overwrite: options.overwrite, keys: keys === '-' ? 'stdin' : 'list' };
    const fingerprint = jobFingerprint(rules, flags);
    const { checkpoint } = job;
    return await runEngine(opened, { job: name, entries, checkpoint, fingerprint });
  } finally {
    await job.release();
  }
}

/** A dry run keeps no state, and looks at the whole list whatever an interrupted run has done. */
async function planOnly({ opened, keys, list }: Work): Promise<RunResult> {
  const { surroundings, stop } = opened;
  const { clock, stdin } = surroundings;
  const folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-'));
  try {
    const spool = { input: stdin, spoolPath: path.join(folder, 'stdin.list') };
    const entries = list ?? (await openSpooledList({ ...spool, clock, signal: stop.drain }));
    const job = `dry run of ${keys === '-' ? 'stdin' : keys}`;
    return await runEngine(opened, {
      job,
      entries,
      checkpoint: noCheckpoint(),
      fingerprint: {},
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
