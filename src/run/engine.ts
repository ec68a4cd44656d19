import { setMaxListeners } from 'node:events';
import PQueue from 'p-queue';
import type { Checkpoint } from '../model/checkpoint.ts';
import type { Entry, EntrySource, SourcePosition } from '../model/entry.ts';
import type { EventKey, ObjectOutcome } from '../model/event.ts';
import { FatalError, Interrupted } from '../model/failure.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { Clock, EventSink, OnBoundary } from '../model/ports.ts';
import { needsPresence } from '../plan/decide-copy.ts';
import type { KeyFilter } from '../plan/key-filter.ts';
import { RECHECK_AFTER_MS, Rechecks } from '../transfer/rechecks.ts';
import type { BegunJob } from './begin-job.ts';
import type { CopyingThreads, EntryWork, Examination } from './examination.ts';
import { beginEntry, examineEntry } from './examine-entry.ts';
import { ConcurrencyTuner, START_AT_ONCE } from './concurrency-tuner.ts';
import { largeAtOnce, Lanes, type Turn } from './lanes.ts';
import { ASKED_NOTHING, type BatchPresence, type PresenceFinder } from './presence.ts';
import { Recorder } from './recorder.ts';
import { openSegment, SegmentTracker } from './segment-tracker.ts';
import { Silence } from './silence.ts';
import type { Tallies } from './tallies.ts';
import { startTicker } from './ticker.ts';

/** A first signal drains, a second one aborts; the reason of both is the signal's name. */
export interface StopSignals {
  readonly drain: AbortSignal;
  readonly abort: AbortSignal;
}

/**
 * Entries of a rule that is down, and those whose keys another process fetches, wait beside the
 * queue, so that others go on; this many, to bound memory.
 */
const MOST_PARKED = 4096;

/** A thread that is so busy gets no more done by having more to do at once. */
const SATURATED_SHARE = 0.8;

const DUPLICATE: ObjectOutcome = { outcome: 'skipped', rule: null, reason: 'duplicate' };

/** What the engine works with. */
export interface EngineJob {
  readonly examination: Omit<
    Examination,
    'onRequest' | 'onWait' | 'clock' | 'givenUp' | 'rechecks' | 'threads' | 'presence'
  > & { readonly presence: PresenceFinder };
  readonly entries: EntrySource;
  readonly checkpoint: Checkpoint;
  readonly events: EventSink;
  readonly clock: Clock;
  /** Entries worked on at once; `auto` finds out how many are best. */
  readonly concurrency: number | 'auto';
  /** Makes further threads work for the run; told of each of their requests for a body. */
  readonly threads?: ((onRequest: () => void) => CopyingThreads) | undefined;
  /** What else moves on beside the entries. */
  readonly scan?: { readonly moves: () => number } | undefined;
  /** Share of the time since the last call in which this thread had work, 0 to 1; absent: unknown. */
  readonly busyShare?: (() => number) | undefined;
  /** What has come from the origins so far. */
  readonly traffic: { readonly bodyBytes: number };
  /** Rules whose entries wait for their addresses now. */
  readonly waitingRules: () => readonly string[];
  /** Takes a line for people. */
  readonly warn: (line: string) => void;
  readonly onBoundary: OnBoundary;
  readonly stop: StopSignals;
}

/**
 * Works through segments. Three things run beside each other: intake reads entries and waits for
 * room; the queue examines up to `concurrency` entries; the ticker tells progress, commits, adjusts
 * the concurrency, and says when nothing moves.
 * Whatever is fatal is kept, stops intake and aborts what is in flight; the first one counts.
 */
export class Engine {
  readonly #job: EngineJob;
  readonly #queue: PQueue;
  readonly #tallies: Tallies;
  readonly #recorder: Recorder;
  readonly #examination: Examination;
  readonly #failed = new AbortController();
  readonly #keysInFlight = new Set<string>();
  readonly #signal: AbortSignal;
  readonly #givenUp = new Map<string, FatalError>();
  readonly #silence = new Silence();
  readonly #tuner: ConcurrencyTuner | undefined;
  /** Entries worked on at once, beside those that wait. */
  #level: number;
  /** Entries that wait for their rule's addresses, or for who else fetches their keys. */
  #waiting = 0;
  /** Large ones among those that wait in the queue, or are worked on. */
  #largeBegun = 0;
  #previousKey: ObjectKey | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(job: EngineJob, tallies: Tallies) {
    this.#job = job;
    this.#tallies = tallies;
    const { concurrency } = job;
    this.#tuner = concurrency === 'auto' ? new ConcurrencyTuner() : undefined;
    this.#level = concurrency === 'auto' ? START_AT_ONCE : concurrency;
    const onRequest = (): void => {
      tallies.originRequests += 1;
    };
    this.#examination = {
      ...job.examination,
      clock: job.clock,
      givenUp: this.#givenUp,
      threads: job.threads?.(onRequest),
      rechecks: new Rechecks({ afterMs: RECHECK_AFTER_MS, clock: job.clock, onRequest }),
      onRequest,
      onWait: (waiting) => {
        this.#waiting += waiting ? 1 : -1;
        this.#applyLevel();
      },
    };
    this.#queue = new PQueue({ concurrency: this.#level });
    this.#recorder = new Recorder(
      job.events,
      job.checkpoint,
      tallies,
      job.onBoundary,
      job.stop.abort,
    );
    this.#signal = AbortSignal.any([job.stop.abort, this.#failed.signal]);
    // Everything in flight listens to it; that is no leak.
    setMaxListeners(0, this.#signal);
  }

  /** @throws what ended the work early, unless it was a signal; nothing is in flight by then. */
  async work({ open, position, segments }: BegunJob): Promise<void> {
    const { clock, events, examination } = this.#job;
    const ticker = startTicker({
      clock,
      events,
      recorder: this.#recorder,
      tallies: this.#tallies,
      dryRun: examination.dryRun,
      inFlight: () => this.#queue.pending,
      onTick: (nowMs) => {
        this.#tune(nowMs);
        this.#tellSilence(nowMs);
      },
    });
    try {
      await this.#resume(open);
      await this.#readOn(position, segments);
    } catch (error) {
      this.#fail(error);
    }
    await this.#queue.onIdle();
    try {
      await this.#recorder.commit();
    } catch (error) {
      this.#fail(error);
    }
    await ticker.stop();
    if (this.#failure !== undefined) throw this.#failure.error;
    const [givenUp] = this.#givenUp.values();
    if (givenUp !== undefined && !this.#job.stop.drain.aborted) throw givenUp;
  }

  async #resume(open: readonly SegmentTracker[]): Promise<void> {
    for (const segment of open) {
      const { start, end } = segment.record();
      const entries = await this.#job.entries.reread(start, end, this.#signal);
      if (!(await this.#take(segment, entries))) return;
    }
  }

  async #readOn(position: SourcePosition, segments: number): Promise<void> {
    let id = segments;
    if (this.#stopping) return;
    for await (const batch of this.#job.entries.batches(position, this.#intakeSignal())) {
      const { start, end, prefixCrc, entries } = batch;
      const span = { id, start, end, prefixCrc, entries: entries.length };
      const segment = new SegmentTracker(openSegment(span));
      id += 1;
      this.#recorder.begun(segment);
      if (!(await this.#take(segment, entries))) return;
    }
  }

  /** Reading a list stops at once for a drain as well: what was read is worth nothing yet. */
  #intakeSignal(): AbortSignal {
    return AbortSignal.any([this.#signal, this.#job.stop.drain]);
  }

  get #stopping(): boolean {
    return this.#signal.aborted || this.#job.stop.drain.aborted;
  }

  #applyLevel(): void {
    this.#queue.concurrency = this.#level + Math.min(this.#waiting, MOST_PARKED);
  }

  /** Lets the tuner see how it goes, and does as it says. */
  #tune(nowMs: number): void {
    if (this.#tuner === undefined) return;
    const { bodyBytes: bytes } = this.#job.traffic;
    const settled = this.#tallies.counts.listed;
    const busy = this.#queue.size > 0;
    const saturated = (this.#job.busyShare?.() ?? 0) >= SATURATED_SHARE;
    this.#level = this.#tuner.sample({ nowMs, settled, bytes, busy, saturated });
    this.#applyLevel();
  }

  #tellSilence(nowMs: number): void {
    const { traffic, waitingRules, warn, examination, scan } = this.#job;
    const done = this.#tallies.counts.listed + traffic.bodyBytes + (scan?.moves() ?? 0);
    const line = this.#silence.look(nowMs, done, () => ({
      inFlight: this.#queue.pending,
      waiting: this.#waiting,
      waitingRules: waitingRules(),
      holders: examination.shared?.waitingFor() ?? [],
    }));
    if (line !== undefined) warn(line);
  }

  /** Entries are put into the queue many at once: a wait for each would cost more than the entry. */
  #refillBelow(): number {
    return Math.ceil(this.#level / 2);
  }

  /** Puts a segment's open entries into the queue. @returns false when intake has to stop. */
  async #take(segment: SegmentTracker, entries: readonly Entry[]): Promise<boolean> {
    const { presence, overwrite, filter } = this.#job.examination;
    const asked = entries.filter((entry, index) => segment.isOpen(index) && isMeant(entry, filter));
    const inBucket = needsPresence(overwrite)
      ? await presence.survey(asked, this.#intakeSignal())
      : ASKED_NOTHING;
    const lanes = new Lanes(entries, (index) => segment.isOpen(index), this.#previousKey);
    this.#previousKey = lanes.lastKey;
    while (lanes.isMore) {
      if (this.#recorder.isFull) await this.#recorder.room();
      if (this.#queue.size >= this.#level) await this.#queue.onSizeLessThan(this.#refillBelow());
      if (this.#stopping) return false;
      const turn = lanes.next(this.#largeBegun < largeAtOnce(this.#level));
      if (turn !== undefined) this.#begin(segment, turn, inBucket);
    }
    return true;
  }

  #begin(segment: SegmentTracker, turn: Turn, inBucket: BatchPresence): void {
    const { index, entry, isRepeat } = turn;
    const isDuplicate = isRepeat || ('key' in entry && this.#keysInFlight.has(entry.key));
    const begun = isDuplicate ? DUPLICATE : beginEntry(this.#examination, entry, inBucket);
    if ('outcome' in begun) this.#recorder.settle(segment, index, eventKey(entry), begun);
    else this.#enqueue(segment, turn, begun);
  }

  #enqueue(segment: SegmentTracker, turn: Turn, work: EntryWork): void {
    this.#keysInFlight.add(work.entry.key);
    if (turn.isLarge) this.#largeBegun += 1;
    this.#queue
      .add(() => this.#examine(segment, turn, work))
      .catch((error: unknown) => {
        this.#fail(error);
      });
  }

  async #examine(segment: SegmentTracker, turn: Turn, work: EntryWork): Promise<void> {
    const { key } = work.entry;
    try {
      if (this.#stopping) return;
      const outcome = await examineEntry(this.#examination, work, this.#signal);
      this.#recorder.settle(segment, turn.index, { key }, outcome);
    } catch (error) {
      this.#leaveOpen(error);
    } finally {
      this.#keysInFlight.delete(key);
      if (turn.isLarge) this.#largeBegun -= 1;
    }
  }

  /** The entry was not settled: the next run examines it again. What that means for this run. */
  #leaveOpen(error: unknown): void {
    if (this.#signal.aborted || error instanceof Interrupted) return;
    const isOneRule = error instanceof FatalError && error.kind === 'origins-unusable';
    // A rule without addresses ends the run only when there is nothing left for the others.
    if (isOneRule && this.#givenUp.size < this.#job.examination.sources.size) return;
    this.#fail(error);
  }

  /** Keeps what ends the run, and stops everything. What comes of the stopping itself is no news. */
  #fail(error: unknown): void {
    if (this.#stopping && !(error instanceof FatalError)) return;
    this.#failure ??= { error };
    this.#failed.abort(error);
  }
}

/** Nobody asks the bucket for what is left out. */
function isMeant(entry: Entry, filter: KeyFilter | undefined): boolean {
  return filter === undefined || 'invalid' in entry || filter.keeps(entry.key);
}

function eventKey(entry: Entry): EventKey {
  return 'invalid' in entry ? entry.invalid : { key: entry.key };
}
