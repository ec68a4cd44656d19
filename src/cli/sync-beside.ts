import type { ScanTotals, Tally } from '../model/event.ts';
import type { EntrySource } from '../model/entry.ts';
import { FatalError } from '../model/failure.ts';
import type { Generation, Generations } from '../model/generation.ts';
import type { ScanJournal } from '../model/scan-journal.ts';
import type { SyncPlan } from '../model/sync-plan.ts';
import type { SyncScope } from '../plan/sync-scope.ts';
import type { RunScan, Tell } from '../run/run.ts';
import { ScanTally } from '../run/scan/scan-counts.ts';
import { planChanges } from '../run/sync/plan-changes.ts';
import type { ChangeFiles } from '../scan/changes/change-files.ts';
import { type GrowingManifest, openGrowingManifest } from '../scan/growing-manifest.ts';
import { manifestPath } from '../scan/journal/scan-journal.ts';
import { sortedManifest } from '../scan/sort/sorted-manifest.ts';
import { listBelow } from './list-below.ts';
import type { OpenedWalks } from './open-walks.ts';
import type { OpenedRun } from './run-command.ts';
import { leftOutBefore, type RunScanning, scanOfRun } from './scan-of-run.ts';

export interface SyncBesideOptions extends RunScanning {
  /** Where the job's files are. */
  readonly directory: string;
  readonly files: ChangeFiles;
  /** Where the plan's draft of the next generation goes. */
  readonly drafts: Generations;
  readonly generations: Generations;
  readonly keepsResults: boolean;
  readonly checksum: boolean;
}

/** What finds a sync's entries: a scan, and what its listing differs in from the last one. */
export interface SyncBeside extends RunScan {
  readonly entries: EntrySource;
  /** The plan, once the entries have ended. */
  readonly plan: () => SyncPlan | undefined;
  /** What the plan has drafted. @throws FatalError `state-unusable` where that is whole no more. */
  readonly draft: () => Promise<Generation>;
  readonly close: () => Promise<void>;
}

/**
 * Makes a sync's entries. Nothing is copied before the whole plan is saved, so an interrupted sync
 * goes on with the very plan that it had.
 * @throws FatalError `state-unusable`.
 */
export async function syncBeside(
  opened: OpenedRun,
  options: SyncBesideOptions,
): Promise<SyncBeside> {
  const { files, walks, journal, drafts, directory, checksum } = options;
  if (checksum) warnOfUnread(files.plan, opened.log.warn);
  const changes = await openGrowingManifest(files.changes, files.plan?.changesBytes ?? 0);
  const found = new Finding(opened, options, changes);
  return {
    entries: changes.entries,
    begin: (tell) => {
      found.begin(tell);
    },
    moves: () => walks.requests() + found.planned,
    carried: carriedOf(files.plan, journal),
    conclude: async () => {
      const fatal = await found.ended();
      return { totals: totalsOf(journal, found.totals), fatal, requests: walks.requests() };
    },
    plan: () => found.plan,
    draft: () => draftIn(directory, drafts),
    close: async () => {
      await found.stop();
      await changes.close();
    },
  };
}

/** A plan that was made with `--checksum` takes nothing for unchanged. */
function warnOfUnread(plan: SyncPlan | undefined, warn: (line: string) => void): void {
  if (plan === undefined || plan.unchanged === 0) return;
  warn(
    `the interrupted sync had found ${plan.unchanged} objects unchanged without --checksum, and they are not read now: sync with --checksum again once this one is done`,
  );
}

async function draftIn(directory: string, drafts: Generations): Promise<Generation> {
  const draft = await drafts.latest(() => undefined);
  if (draft !== undefined) return draft;
  const line = `what the sync in ${directory} had found to do is damaged: run with --new-job, which sets it aside and starts afresh`;
  throw new FatalError('state-unusable', line);
}

/** What an earlier run has told of keys that were left as they are. */
function carriedOf(plan: SyncPlan | undefined, journal: ScanJournal): Tally {
  const planned = plan === undefined ? 0 : plan.unchanged + plan.existing;
  const skipped = planned + leftOutBefore(journal).skipped;
  return { listed: skipped, copied: 0, skipped, failed: 0 };
}

/** A sync that goes on with its plan tells what the scan behind it could not list. */
function totalsOf({ standing }: ScanJournal, now: ScanTotals | undefined): ScanTotals | undefined {
  if (now !== undefined || standing === undefined) return now;
  return ScanTally.of(standing.tallies).totals();
}

/** Scans, plans, and ends the list of changes, whatever comes in between. */
class Finding {
  readonly #opened: OpenedRun;
  readonly #options: SyncBesideOptions;
  readonly #changes: GrowingManifest;
  readonly #ended = new AbortController();
  #working: Promise<FatalError | undefined> | undefined;
  /** Keys that the plan has come by. */
  planned = 0;
  totals: ScanTotals | undefined;
  plan: SyncPlan | undefined;

  constructor(opened: OpenedRun, options: SyncBesideOptions, changes: GrowingManifest) {
    this.#opened = opened;
    this.#options = options;
    this.#changes = changes;
    this.plan = options.files.plan;
  }

  begin(tell: Tell): void {
    this.#working = this.#work(tell);
    // Whoever concludes is told; until then nobody waits for it.
    this.#working.catch(() => undefined);
  }

  /** @returns what ended it early, if it was not the run. */
  async ended(): Promise<FatalError | undefined> {
    if (!this.#opened.stop.drain.aborted) this.#ended.abort();
    return this.#working;
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#working?.catch(() => undefined);
  }

  async #work(tell: Tell): Promise<FatalError | undefined> {
    const { files } = this.#options;
    try {
      const manifestBytes = files.plan === undefined ? await this.#scan(tell) : undefined;
      if (manifestBytes !== undefined) {
        this.plan = await this.#makePlan(manifestBytes, tell);
        this.#opened.surroundings.onBoundary('plan.saved');
      }
      if (this.plan !== undefined) this.#changes.grow(this.plan.changesBytes);
      this.#changes.end(this.plan === undefined ? new Error('the scan was stopped') : undefined);
      return undefined;
    } catch (error) {
      this.#changes.end(error instanceof Error ? error : new Error(String(error)));
      if (error instanceof FatalError) return error;
      if (this.#signal.aborted) return undefined;
      throw error;
    }
  }

  get #signal(): AbortSignal {
    const { drain, abort } = this.#opened.stop;
    return AbortSignal.any([drain, abort, this.#ended.signal]);
  }

  /** @returns the bytes of the manifest; undefined where the scan was told to stop. */
  async #scan(tell: Tell): Promise<number | undefined> {
    let savedBytes = 0;
    const { signal } = this.#ended;
    const result = await scanOfRun(this.#opened, this.#options, tell, signal, (bytes) => {
      savedBytes = bytes;
    });
    this.totals = result.totals;
    if (result.fatal !== undefined) throw result.fatal;
    return result.finished ? savedBytes : undefined;
  }

  async #makePlan(manifestBytes: number, tell: Tell): Promise<SyncPlan> {
    const { rules, surroundings, options, log, events, bucket } = this.#opened;
    const { directory, walks, files, drafts, generations, keepsResults, checksum } = this.#options;
    const signal = this.#signal;
    const before = await generations.latest(log.warn);
    const scope = scopeOf(this.#opened, walks);
    const ruled = walks.targets.map(({ rule }) => rule);
    const writer = await files.begin(await drafts.begin());
    try {
      return await planChanges({
        listed: sortedManifest({
          manifest: manifestPath(directory),
          bytes: manifestBytes,
          folder: directory,
          signal,
        }),
        before: before?.entries(signal) ?? nothing(),
        stored: listBelow(bucket.bucket, ruled, signal, scope.filter?.prefix),
        rules: rules.rules,
        ...scope,
        overwrite: options.overwrite,
        checksum,
        isWhole: this.totals?.listingErrors === 0,
        keepsResults,
        writer,
        tell: (key, outcome) => {
          this.planned += 1;
          tell(key, outcome);
        },
        flush: () => events.flush(),
        now: () => surroundings.clock.now(),
      });
    } finally {
      await writer.close();
    }
  }
}

/** What a sync is about: the rules that it walks, and what the filter lets through of their keys. */
export function scopeOf({ filter }: OpenedRun, { targets }: OpenedWalks): SyncScope {
  return { filter, synced: new Set(targets.map(({ rule }) => rule.id)) };
}

async function* nothing(): AsyncGenerator<never> {
  await Promise.resolve();
  yield* [];
}
