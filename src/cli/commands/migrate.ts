import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Job } from '../../checkpoint/job-folder.ts';
import type { JobThread } from '../../checkpoint/job-thread.ts';
import type { Checkpoint, JobRecord, ResultsKept } from '../../model/checkpoint.ts';
import type { EntrySource } from '../../model/entry.ts';
import type { Rule } from '../../model/rule.ts';
import type { ScanJournal } from '../../model/scan-journal.ts';
import { scanSummaryText } from '../../report/scan-text.ts';
import { type FingerprintFlags, jobFingerprint } from '../../rules/job-fingerprint.ts';
import { keyPrefixBelow } from '../../rules/key-prefix-below.ts';
import { noCheckpoint } from '../../run/no-checkpoint.ts';
import type { RunResult } from '../../run/run.ts';
import type { KeyList } from '../../scan/key-list.ts';
import type { KeysFormat } from '../../scan/keys-format.ts';
import { openSpooledList } from '../../scan/spool-list.ts';
import { Cleanup } from '../cleanup.ts';
import { amongRules, choiceOf, filterOfRun } from '../filter-of-run.ts';
import type { FilterOptions } from '../filter-options.ts';
import { jobName } from '../job-name.ts';
import { type JobSource, notingSource } from '../job-source.ts';
import { loadRules } from '../load-rules.ts';
import { logTo } from '../log-to.ts';
import { type NamedList, type NamedListOptions, namedList } from '../named-list.ts';
import { namedRules } from '../named-rules.ts';
import { openList } from '../open-list.ts';
import { openJobOf, threadAhead } from '../open-job-of.ts';
import type { OpenedWalks } from '../open-walks.ts';
import { openRun, type OpenedRun } from '../run-command.ts';
import { concludeRun, runEngine, type RunWork } from '../run-engine.ts';
import type { RunOptions } from '../run-options.ts';
import { spoolPath } from '../source-entries.ts';
import { stoppable } from '../stop-signals.ts';
import { supersedingResults } from '../superseding-results.ts';
import type { Surroundings } from '../surroundings.ts';
import { pagesAtOnce, walksOfRun } from '../walks-of-run.ts';

export interface MigrateOptions extends RunOptions, NamedListOptions, FilterOptions {
  readonly job?: string;
  readonly newJob?: true;
  readonly results?: ResultsKept;
  readonly wait?: true;
  readonly ignoreRobots?: true;
}

/** `bucketfill migrate`: copies what the bucket lacks of a list of keys, or of what a scan finds. */
export async function migrate(
  rulesFile: string,
  options: MigrateOptions,
  surroundings: Surroundings,
): Promise<number> {
  const rules = await loadRules(rulesFile, surroundings, options.quiet === true);
  const named = namedList(options);
  const log = logTo(surroundings, options);
  const chosen = await filterOfRun(options, log);
  const filter = named === undefined ? chosen : amongRules(chosen, rules, options.rule);
  const cleanup = new Cleanup();
  return stoppable(surroundings, log, (stop) =>
    cleanup.around(async () => {
      // A list that can't be read is found out before anybody is asked anything.
      const read = { format: named?.format, note: log.info, signal: stop.drain };
      const list =
        named === undefined || named.keys === STDIN
          ? undefined
          : await openList({ ...read, path: listPath(named, surroundings) }, cleanup);
      const thread = options.dryRun === true ? undefined : threadAhead(cleanup);
      const ofRun = new Set(namedRules(rules, options.rule));
      const needed = (rule: Rule): boolean =>
        ofRun.has(rule) && keyPrefixBelow(rule, filter?.prefix ?? '') !== undefined;
      const asked = { rulesFile, rules, needed, filter, options, surroundings, stop, log };
      const opened = await openRun({ ...asked, command: 'migrate' }, cleanup);
      const walks =
        named === undefined
          ? await walksOfRun({ ...opened, options }, pagesAtOnce(options), cleanup)
          : undefined;
      const work = { opened, options, named, list, walks, cleanup, thread };
      const result = await (options.dryRun === true ? planOnly(work) : workOnJob(work));
      tellScan(result, options, surroundings);
      return concludeRun(result, log);
    }),
  );
}

const STDIN = '-';

interface Work {
  readonly opened: OpenedRun;
  readonly options: MigrateOptions;
  /** Undefined where a scan finds the keys. */
  readonly named: NamedList | undefined;
  /** Undefined where the list is on stdin, or there is none. */
  readonly list: KeyList | undefined;
  /** What the scan walks, where there is one. */
  readonly walks: OpenedWalks | undefined;
  readonly cleanup: Cleanup;
  /** Undefined in a dry run. */
  readonly thread: JobThread | undefined;
}

function listPath({ keys }: NamedList, { cwd }: Surroundings): string {
  return path.resolve(cwd, keys);
}

/** Where a run's entries are kept while it works on them. */
interface Kept {
  readonly job: string;
  readonly folder: string;
  /** Undefined where no scan makes the entries. */
  readonly journal: ScanJournal | undefined;
  /** Nothing of an earlier run is gone on with. */
  readonly isFresh: boolean;
}

async function openEntries(
  work: Work,
  { job, folder, journal, isFresh }: Kept,
): Promise<Pick<RunWork, 'entries' | 'scan'>> {
  const { opened, options, list, walks, cleanup } = work;
  if (walks !== undefined && journal !== undefined) {
    const concurrency = pagesAtOnce(options);
    const kept = { job, walks, journal, directory: folder, concurrency };
    const { scanBeside } = await import('../scan-beside.ts');
    const beside = await scanBeside(opened, kept);
    cleanup.add(beside.close);
    return { entries: beside.entries, scan: beside };
  }
  return { entries: list ?? (await spoolStdin(work, folder, isFresh)) };
}

/** stdin is kept in a file as it is read, so that a later run can go on with it. */
async function spoolStdin(
  { opened, named, cleanup }: Work,
  folder: string,
  isFresh: boolean,
): Promise<EntrySource> {
  const { surroundings, stop, log } = opened;
  const { stdin: input, clock } = surroundings;
  const format = named?.format;
  const spool = spoolPath(folder);
  if (isFresh) await rm(spool, { force: true });
  const list = await openSpooledList({
    input,
    spoolPath: spool,
    format: format === 's3-inventory' ? undefined : format,
    note: log.info,
    clock,
    signal: stop.drain,
  });
  cleanup.add(async () => {
    await list.close();
    input.destroy();
  });
  return list;
}

async function workOnJob(work: Work): Promise<RunResult> {
  const { opened, options, named, walks, cleanup, thread } = work;
  const { rulesFile, surroundings } = opened;
  const name = options.job ?? jobName(rulesFile, 'migrate', named?.keys, surroundings.cwd);
  const job = await openJobOf(name, { ...opened, options, thread });
  cleanup.add(() => job.release());
  const source = sourceOf(work);
  const fingerprint = jobFingerprint(opened.rules, opened.bucketId, source.flags);
  const { uploads, directory: folder } = job;
  const checkpoint = notingSource({ ...job, checkpoint: await checkpointOf(job, options) }, source);
  const { journal, isFresh } =
    walks === undefined
      ? { journal: undefined, isFresh: isOver(await checkpoint.load()) }
      : await (await import('../take-up-scan.ts')).takeUpScan(job, fingerprint, cleanup);
  const entries = await openEntries(work, { job: name, folder, journal, isFresh });
  const kept = { directory: folder, checkpoint, uploads, fingerprint };
  return runEngine(opened, { job: name, ...entries, ...kept });
}

/** Only an interrupted job goes on with the list that it has spooled. */
function isOver(record: JobRecord | undefined): boolean {
  return record === undefined || record.finished;
}

/** An interrupted retry may be left for this run to go on with. */
async function checkpointOf(
  { checkpoint, failed }: Job,
  { results = 'all' }: MigrateOptions,
): Promise<Checkpoint> {
  return (await failed.isReopened()) ? supersedingResults(checkpoint, results) : checkpoint;
}

/** Where the entries come from: enough to open them again without this command line. */
function sourceOf({ opened, options, named, list }: Work): Omit<JobSource, 'results'> {
  const { command, surroundings } = opened;
  const { overwrite, ignoreRobots } = options;
  const choice = choiceOf(options);
  if (named === undefined) {
    const walked = { keys: 'scan', 'ignore-robots': String(ignoreRobots === true) };
    return { command, entries: { from: 'scan' }, flags: { overwrite, ...walked, ...choice } };
  }
  if (list === undefined) {
    const { format } = named;
    return {
      command,
      entries: { from: 'stdin', format },
      flags: { ...listFlags('stdin', format, overwrite), ...choice },
    };
  }
  const { format } = list;
  const entries = { from: 'list', path: listPath(named, surroundings), format } as const;
  return { command, entries, flags: { ...listFlags('list', format, overwrite), ...choice } };
}

function listFlags(
  keys: 'stdin' | 'list',
  format: KeysFormat | undefined,
  overwrite: string,
): FingerprintFlags {
  const isPlain = format === undefined || format === 'plain';
  return { overwrite, keys, ...(isPlain ? {} : { 'keys-format': format }) };
}

/** A dry run keeps no state, and looks at every key whatever an interrupted run has done. */
async function planOnly(work: Work): Promise<RunResult> {
  const { opened, named, walks, cleanup } = work;
  const folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-'));
  cleanup.add(() => rm(folder, { recursive: true, force: true }));
  const from = named === undefined ? 'a scan' : named.keys;
  const job = `dry run of ${from === STDIN ? 'stdin' : from}`;
  const journal = walks === undefined ? undefined : await throwAwayJournal(folder, cleanup);
  const entries = await openEntries(work, { job, folder, journal, isFresh: true });
  return runEngine(opened, { job, ...entries, checkpoint: noCheckpoint(), fingerprint: {} });
}

async function throwAwayJournal(folder: string, cleanup: Cleanup): Promise<ScanJournal> {
  const { openScanJournal } = await import('../../scan/journal/scan-journal.ts');
  const journal = await openScanJournal(folder, true);
  cleanup.add(() => journal.close());
  return journal;
}

/** Where every link has gone; pages that could not be listed are told whatever else is not. */
function tellScan(
  { summary }: RunResult,
  { quiet, ui }: MigrateOptions,
  { stderr }: Surroundings,
): void {
  if (summary.scan === undefined) return;
  const isWrong = summary.scan.listingErrors > 0;
  if ((quiet === true || ui === 'none') && !isWrong) return;
  stderr.write(`${scanSummaryText(summary, summary.scan)}\n`);
}
