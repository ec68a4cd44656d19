import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { jobDirectoryName } from '../../checkpoint/job-directory-name.ts';
import type { Job } from '../../checkpoint/job-folder.ts';
import { dryRunRemover } from '../../guard/dry-run-bucket.ts';
import type { JobThread } from '../../checkpoint/job-thread.ts';
import type { Checkpoint, Fingerprint, ResultsKept } from '../../model/checkpoint.ts';
import type { DeleteTotals } from '../../model/event.ts';
import type { FailedEntries } from '../../model/failed-entries.ts';
import type { Generations } from '../../model/generation.ts';
import type { Rule } from '../../model/rule.ts';
import type { ScanJournal } from '../../model/scan-journal.ts';
import type { ObjectRemover } from '../../model/object-remover.ts';
import type { UploadJournal } from '../../model/upload-journal.ts';
import type { MaxDelete } from '../../plan/max-delete.ts';
import { type FingerprintFlags, jobFingerprint } from '../../rules/job-fingerprint.ts';
import { noCheckpoint } from '../../run/no-checkpoint.ts';
import type { Concluding, RunResult } from '../../run/run.ts';
import { concludeSync } from '../../run/sync/conclude-sync.ts';
import { failedKeys } from '../../run/sync/failed-keys.ts';
import { type ChangeFiles, openChangeFiles } from '../../scan/changes/change-files.ts';
import { openGenerations } from '../../scan/generation/open-generations.ts';
import { openScanJournal } from '../../scan/journal/scan-journal.ts';
import { Cleanup } from '../cleanup.ts';
import { copiedKeys } from '../copied-keys.ts';
import { choiceOf, filterOfRun } from '../filter-of-run.ts';
import type { FilterOptions } from '../filter-options.ts';
import { jobName } from '../job-name.ts';
import { notingSource } from '../job-source.ts';
import { knownBucketId, sharedFolder } from '../known-bucket.ts';
import { loadRules } from '../load-rules.ts';
import { logTo } from '../log-to.ts';
import { openJobOf, threadAhead } from '../open-job-of.ts';
import type { OpenedWalks } from '../open-walks.ts';
import { openRun, type OpenedRun } from '../run-command.ts';
import { concludeRun, runEngine } from '../run-engine.ts';
import type { RunOptions } from '../run-options.ts';
import { pickSources } from '../scan-sources.ts';
import { stateDirectory } from '../state-directory.ts';
import { supersedingResults } from '../superseding-results.ts';
import { stoppable } from '../stop-signals.ts';
import type { Surroundings } from '../surroundings.ts';
import { stopInTime } from '../stop-in-time.ts';
import { scopeOf, type SyncBeside, syncBeside } from '../sync-beside.ts';
import { takeUpScan } from '../take-up-scan.ts';
import { pagesAtOnce, walksOfRun } from '../walks-of-run.ts';

export interface SyncOptions extends RunOptions, FilterOptions {
  readonly job?: string;
  readonly newJob?: true;
  readonly wait?: true;
  readonly results?: ResultsKept;
  readonly ignoreRobots?: true;
  readonly checksum?: true;
  readonly delete?: true;
  readonly maxDelete: MaxDelete;
  /** Milliseconds. */
  readonly maxDuration?: number;
}

/**
 * `bucketfill sync`: one incremental scan. Listings tell what is new, changed or gone since the last
 * one; only that is asked for.
 */
export async function sync(
  rulesFile: string,
  options: SyncOptions,
  surroundings: Surroundings,
): Promise<number> {
  const rules = await loadRules(rulesFile, surroundings, options.quiet === true);
  const log = logTo(surroundings, options);
  const filter = await filterOfRun(options, log);
  const cleanup = new Cleanup();
  return stoppable(surroundings, log, (stop) =>
    cleanup.around(async () => {
      const thread = options.dryRun === true ? undefined : threadAhead(cleanup);
      const sources = pickSources(rules, options.rule ?? [], filter?.prefix);
      const picked = new Set(sources.map(({ rule }) => rule));
      const needed = (rule: Rule): boolean => picked.has(rule);
      const asked = { rulesFile, rules, needed, filter, options, surroundings, stop, log };
      const opened = await openRun({ ...asked, command: 'sync' }, cleanup);
      const walks = await walksOfRun({ ...opened, options }, pagesAtOnce(options), cleanup);
      const work = { opened, options, walks, cleanup, thread };
      stopInTime(options.maxDuration, opened, cleanup);
      return concludeRun(await (options.dryRun === true ? planOnly(work) : workOnJob(work)), log);
    }),
  );
}

interface Work {
  readonly opened: OpenedRun;
  readonly options: SyncOptions;
  readonly walks: OpenedWalks;
  readonly cleanup: Cleanup;
  /** Undefined in a dry run. */
  readonly thread: JobThread | undefined;
}

/** Where a sync keeps what it works with. */
interface Kept {
  readonly job: string;
  readonly directory: string;
  readonly journal: ScanJournal;
  readonly files: ChangeFiles;
  readonly checkpoint: Checkpoint;
  readonly fingerprint: Fingerprint;
  /** Undefined in a dry run, of which nothing stays. */
  readonly lasting: { readonly uploads: UploadJournal; readonly failed: FailedEntries } | undefined;
}

async function workOnJob(work: Work): Promise<RunResult> {
  const { opened, options, cleanup, thread } = work;
  const { rulesFile, surroundings, log } = opened;
  const name = options.job ?? jobName(rulesFile, 'sync', undefined, surroundings.cwd);
  const job = await openJobOf(name, { ...opened, options, thread });
  cleanup.add(() => job.release());
  const fingerprint = fingerprintOf(work);
  const { uploads, failed, directory } = job;
  const checkpoint = await notedCheckpoint(job, options);
  const { journal, isFresh } = await takeUpScan(job, fingerprint, cleanup);
  const files = await openChangeFiles(directory, isFresh);
  if (files.plan !== undefined) {
    log.info(`going on with the interrupted sync, and with what it had found to do`);
  }
  const kept = { job: name, directory, journal, files, checkpoint, fingerprint };
  return runSync(work, { ...kept, lasting: { uploads, failed } });
}

/** A dry run keeps no state: it scans afresh, whatever an interrupted run has done. */
async function planOnly(work: Work): Promise<RunResult> {
  const { opened, options, cleanup } = work;
  const { rulesFile, surroundings } = opened;
  const directory = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-'));
  cleanup.add(() => rm(directory, { recursive: true, force: true }));
  const journal = await openScanJournal(directory, true);
  cleanup.add(() => journal.close());
  return runSync(work, {
    job: options.job ?? jobName(rulesFile, 'sync', undefined, surroundings.cwd),
    directory,
    journal,
    files: await openChangeFiles(directory, true),
    checkpoint: noCheckpoint(),
    fingerprint: {},
    lasting: undefined,
  });
}

async function runSync(work: Work, kept: Kept): Promise<RunResult> {
  const { opened, options, walks, cleanup } = work;
  const { job, directory, journal, files, checkpoint, fingerprint, lasting } = kept;
  const drafts = openGenerations(path.join(directory, 'draft'));
  const generations = openGenerations(await generationsFolder(job, opened));
  const beside = await syncBeside(opened, {
    job,
    directory,
    walks,
    journal,
    files,
    drafts,
    generations,
    keepsResults: checkpoint.results === 'all',
    checksum: options.checksum === true,
    concurrency: pagesAtOnce(options),
  });
  cleanup.add(beside.close);
  return runEngine(opened, {
    job,
    directory: lasting === undefined ? undefined : directory,
    checksum: options.checksum,
    entries: beside.entries,
    scan: beside,
    conclude: (concluding) => conclude(work, kept, { beside, generations, ...concluding }),
    checkpoint,
    ...(lasting === undefined ? {} : { uploads: lasting.uploads }),
    fingerprint,
  });
}

const NOTHING_DELETED: DeleteTotals = { planned: 0, kept: 0, failed: 0 };

interface Ending extends Concluding {
  readonly beside: SyncBeside;
  readonly generations: Generations;
}

async function conclude(
  { opened, options, walks }: Work,
  { directory, lasting }: Kept,
  { beside, generations, tell, onRequest }: Ending,
): Promise<DeleteTotals | undefined> {
  const { surroundings, bucket, sources, stop, log } = opened;
  const plan = beside.plan();
  // Nothing is gone and nothing was copied: the generation that is there is still true.
  if (plan?.isAsBefore === true) return options.delete === true ? NOTHING_DELETED : undefined;
  if (plan === undefined) throw new Error('a sync ended without its plan');
  const draft = await beside.draft();
  const signal = stop.abort;
  const writer = lasting === undefined ? undefined : await generations.begin();
  noteGone(plan.gone, options, log.info);
  try {
    const deletes = await concludeSync({
      plan,
      draft: draft.entries(signal),
      failed:
        lasting === undefined ? nothing() : failedKeys(lasting.failed, beside.entries, signal),
      copied: lasting === undefined ? nothing() : copiedKeys(directory, signal),
      writer,
      scope: scopeOf(opened, walks),
      deletes:
        options.delete === true
          ? {
              most: options.maxDelete,
              bucket: bucket.bucket,
              remover: removerOf(opened),
              sources: sources.byRule,
              dryRun: options.dryRun === true,
              tell,
              note: log.info,
              onRequest,
              signal,
            }
          : undefined,
      now: () => surroundings.clock.now(),
      drain: stop.drain,
    });
    surroundings.onBoundary('generation.committed');
    return deletes;
  } finally {
    await writer?.abort();
  }
}

function removerOf({ bucket, options, surroundings }: OpenedRun): ObjectRemover {
  if (options.dryRun === true) return dryRunRemover(bucket.bucket.name);
  return {
    remove: async (key, signal) => {
      await bucket.remover.remove(key, signal);
      surroundings.onBoundary('object.deleted');
    },
  };
}

function noteGone(gone: number, options: SyncOptions, note: (line: string) => void): void {
  if (gone === 0 || options.delete === true) return;
  note(`${gone} objects are gone from the origin and still in the bucket: --delete removes them`);
}

/** A dry run asks a directory for no id, and finds what the syncs have left all the same. */
async function generationsFolder(job: string, opened: OpenedRun): Promise<string> {
  const { rulesFile, rules, bucketId, options, surroundings } = opened;
  const folder = path.dirname(path.resolve(surroundings.cwd, rulesFile));
  const id = (await knownBucketId(rules.bucket, folder)) ?? bucketId;
  const shared = sharedFolder(stateDirectory(rulesFile, options.state, surroundings), id);
  return path.join(shared, 'generations', jobDirectoryName(job));
}

/** The job's checkpoint; what the job was begun with is noted for `retry`. */
async function notedCheckpoint(job: Job, options: SyncOptions): Promise<Checkpoint> {
  const source = {
    command: 'sync',
    entries: { from: 'changes' as const },
    flags: flagsOf(options),
  };
  const begun = notingSource(job, source);
  const isReopened = await job.failed.isReopened();
  return isReopened ? supersedingResults(begun, options.results ?? 'all') : begun;
}

function fingerprintOf({ opened, options }: Work): Fingerprint {
  return jobFingerprint(opened.rules, opened.bucketId, flagsOf(options));
}

function flagsOf(options: SyncOptions): FingerprintFlags {
  return {
    overwrite: options.overwrite,
    keys: 'scan',
    // Told even where none is named, as by the first jobs of its kind.
    rule: '',
    'ignore-robots': String(options.ignoreRobots === true),
    ...choiceOf(options),
  };
}

async function* nothing(): AsyncGenerator<never> {
  await Promise.resolve();
  yield* [];
}
