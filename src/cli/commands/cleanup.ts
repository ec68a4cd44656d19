import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { openJob } from '../../checkpoint/job-folder.ts';
import { type KeptState, listStates } from '../../checkpoint/list-states.ts';
import { openSharedStore } from '../../checkpoint/shared-store.ts';
import { openSqliteState, type SqliteState } from '../../checkpoint/sqlite-state.ts';
import { byteBudget } from '../../guard/byte-budget.ts';
import { EXIT } from '../../model/exit-code.ts';
import { FatalError } from '../../model/failure.ts';
import { isOfBucket } from '../../rules/job-fingerprint.ts';
import { OpenUploads } from '../../transfer/open-uploads.ts';
import { type Sweep, sweepUploads } from '../../transfer/sweep-uploads.ts';
import { Cleanup } from '../cleanup.ts';
import { sharedFolder } from '../known-bucket.ts';
import { loadRules } from '../load-rules.ts';
import { logTo } from '../log-to.ts';
import { type OpenedBucket, openBucket } from '../open-bucket.ts';
import type { LogOptions } from '../run-options.ts';
import { stateDirectory } from '../state-directory.ts';
import { stoppable } from '../stop-signals.ts';
import type { Surroundings } from '../surroundings.ts';

export interface CleanupOptions extends LogOptions {
  readonly state?: string;
  /** Milliseconds. */
  readonly maxAge: number;
  readonly json?: true;
}

/** What one `cleanup` came to. */
interface Cleaned {
  aborted: number;
  left: number;
  refused: number;
  prunedStates: number;
}

/** A few requests, one after the other. */
const CONCURRENCY = 1;
const MEMORY_BYTES = 32 * 1024 ** 2;

/**
 * `bucketfill cleanup`: aborts the multipart uploads that this tool's jobs, or a serve that is gone,
 * wrote down and nobody has gone on with for a while, and removes states that were set aside.
 */
export async function cleanup(
  rulesFile: string,
  options: CleanupOptions,
  surroundings: Surroundings,
): Promise<number> {
  const rules = await loadRules(rulesFile, surroundings, options.quiet === true);
  const log = logTo(surroundings, options);
  const closing = new Cleanup();
  return stoppable(surroundings, log, (stop) =>
    closing.around(async () => {
      const folder = path.dirname(path.resolve(surroundings.cwd, rulesFile));
      const means = { concurrency: CONCURRENCY, memory: byteBudget(MEMORY_BYTES) };
      const bucket = await openBucket(rules.bucket, folder, means, stop.drain, surroundings, log);
      closing.add(() => bucket.close());
      const bucketId = await bucket.check({ write: false, presence: false }, stop.drain);
      const total: Cleaned = { aborted: 0, left: 0, refused: 0, prunedStates: 0 };
      const stateDir = stateDirectory(rulesFile, options.state, surroundings);
      const work = { bucket, bucketId, options, surroundings, stateDir, signal: stop.drain };
      for (const kept of await listStates(stateDir)) {
        const note = await cleanState(kept, work, total);
        if (note !== undefined) log.info(`job ${kept.job}: ${note}`);
      }
      const note = await cleanShared(work, total);
      if (note !== undefined) log.info(`serve: ${note}`);
      tell(total, options, surroundings);
      return total.refused > 0 ? EXIT.someFailed : EXIT.complete;
    }),
  );
}

interface CleanWork {
  readonly bucket: OpenedBucket;
  readonly bucketId: string;
  readonly options: CleanupOptions;
  readonly surroundings: Surroundings;
  readonly stateDir: string;
  readonly signal: AbortSignal;
}

/** @returns a line for people where something of the state was left alone. */
async function cleanState(
  kept: KeptState,
  work: CleanWork,
  total: Cleaned,
): Promise<string | undefined> {
  const { options, surroundings } = work;
  let opened: { readonly state: SqliteState; readonly release: () => Promise<void> };
  try {
    opened = await openState(kept, work);
  } catch (error) {
    if (error instanceof FatalError && error.kind === 'job-locked') return 'left alone: it runs';
    // A state that was set aside may be there because it is damaged; it is pruned by its age.
    if (!(error instanceof FatalError) || !kept.setAside) throw error;
    return prune(kept, options.maxAge, surroundings, total, error.message);
  }
  try {
    const note = await sweep(opened.state, work, total);
    if (note !== undefined) return note;
  } finally {
    await opened.release();
  }
  return kept.setAside ? prune(kept, options.maxAge, surroundings, total, undefined) : undefined;
}

async function openState(
  kept: KeptState,
  { surroundings, stateDir, signal }: CleanWork,
): Promise<{ readonly state: SqliteState; readonly release: () => Promise<void> }> {
  const { clock, host, pid } = surroundings;
  const now = (): number => clock.now();
  if (kept.setAside) {
    const file = path.join(kept.directory, 'checkpoint.db');
    const state = await openSqliteState({ file, results: 'none', now });
    return { state, release: () => state.checkpoint.close() };
  }
  const job = await openJob({
    stateDir,
    job: kept.job,
    wait: false,
    newJob: false,
    results: 'none',
    holder: { pid, host, command: 'cleanup' },
    clock,
    signal,
  });
  return { state: job, release: () => job.release() };
}

async function sweep(
  { checkpoint, uploads: journal }: SqliteState,
  { bucket, bucketId, options, surroundings, signal }: CleanWork,
  total: Cleaned,
): Promise<string | undefined> {
  const uploads = await OpenUploads.load(journal, () => surroundings.clock.now());
  if (uploads.left().length === 0) return undefined;
  const record = await checkpoint.load();
  if (record !== undefined && !isOfBucket(record.fingerprint, bucketId)) {
    return 'left alone: it fills another bucket';
  }
  return sweepInto(total, uploads, { bucket, options, signal });
}

/** @returns a line for people where something was left. */
async function sweepInto(
  total: Cleaned,
  uploads: OpenUploads,
  { bucket, options, signal }: Pick<CleanWork, 'bucket' | 'options' | 'signal'>,
): Promise<string | undefined> {
  const swept = await sweepUploads(uploads, bucket.bucket, signal, options.maxAge);
  total.aborted += swept.aborted;
  total.left += swept.left;
  total.refused += swept.refusals.length;
  return noteOf(swept);
}

/** What proxies left that are gone; those that run see to theirs themselves. */
async function cleanShared(work: CleanWork, total: Cleaned): Promise<string | undefined> {
  const { stateDir, bucketId, surroundings } = work;
  const directory = sharedFolder(stateDir, bucketId);
  if (!existsSync(directory)) return undefined;
  const now = (): number => surroundings.clock.now();
  const shared = await openSharedStore({ directory, now });
  try {
    const notes: string[] = [];
    for (const journal of await shared.uploads.ofDead()) {
      const note = await sweepInto(total, await OpenUploads.load(journal, now), work);
      if (note !== undefined) notes.push(note);
    }
    return notes.length === 0 ? undefined : notes.join('; ');
  } finally {
    await shared.close();
  }
}

function noteOf({ left, refusals }: Sweep): string | undefined {
  if (refusals.length > 0) return `${refusals.length} uploads not aborted: ${refusals[0] ?? ''}`;
  return left > 0 ? `${left} uploads left: younger than --max-age` : undefined;
}

/** Removes a state that was set aside long enough ago. */
async function prune(
  { directory, changedMs }: KeptState,
  maxAgeMs: number,
  { clock }: Surroundings,
  total: Cleaned,
  problem: string | undefined,
): Promise<string | undefined> {
  if (clock.now() - changedMs < maxAgeMs) return problem;
  await rm(directory, { recursive: true, force: true });
  total.prunedStates += 1;
  return undefined;
}

function tell(total: Cleaned, { json, quiet }: CleanupOptions, surroundings: Surroundings): void {
  if (json === true) surroundings.stdout.write(`${JSON.stringify(total)}\n`);
  if (quiet === true) return;
  const { aborted, left, refused, prunedStates } = total;
  const uploads = `${aborted} uploads aborted, ${left} left, ${refused} refused`;
  surroundings.stderr.write(`cleanup: ${uploads}; ${prunedStates} old states removed\n`);
}
