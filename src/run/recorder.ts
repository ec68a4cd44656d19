import type { Checkpoint, EntryResult } from '../model/checkpoint.ts';
import type { EventKey, ObjectOutcome } from '../model/event.ts';
import type { EventSink, OnBoundary } from '../model/ports.ts';
import { unlessAborted } from '../transfer/unless-aborted.ts';
import type { SegmentTracker } from './segment-tracker.ts';
import { objectEvent, resultOf } from './told-outcome.ts';
import type { Tallies } from './tallies.ts';

/** After so many outcomes a group commit begins, however little time has passed. */
const COMMIT_AFTER_OUTCOMES = 512;
/** Intake pauses while so many outcomes are not yet durable. */
const MOST_UNCOMMITTED = 8 * COMMIT_AFTER_OUTCOMES;

/**
 * Carries outcomes from the workers to the outside, in an order that survives a kill: first an
 * outcome's event leaves the process, then the checkpoint notes it. Killed in between, the entry
 * is examined and told again; it is never closed without having been told.
 *
 * Commits are grouped: while one is under way, outcomes gather for the next.
 */
export class Recorder {
  readonly #events: EventSink;
  readonly #checkpoint: Checkpoint;
  readonly #tallies: Tallies;
  readonly #onBoundary: OnBoundary;
  readonly #abort: AbortSignal;
  readonly #dirty = new Set<SegmentTracker>();
  #results: EntryResult[] = [];
  #uncommitted = 0;
  #committing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(
    events: EventSink,
    checkpoint: Checkpoint,
    tallies: Tallies,
    onBoundary: OnBoundary,
    abort: AbortSignal,
  ) {
    this.#events = events;
    this.#checkpoint = checkpoint;
    this.#tallies = tallies;
    this.#onBoundary = onBoundary;
    this.#abort = abort;
  }

  /** A segment exists from now on, even if none of its entries is settled when the process dies. */
  begun(segment: SegmentTracker): void {
    this.#dirty.add(segment);
  }

  /** Tells and notes what became of one entry. */
  settle(segment: SegmentTracker, index: number, key: EventKey, outcome: ObjectOutcome): void {
    this.#events.emit(objectEvent(key, outcome));
    segment.settle(index, outcome);
    if (this.#isKept(outcome)) this.#results.push(resultOf(segment.id, index, key, outcome));
    this.#tallies.settle(outcome);
    this.#dirty.add(segment);
    this.#uncommitted += 1;
    if (this.#uncommitted >= COMMIT_AFTER_OUTCOMES) this.#start();
  }

  /** Starts a commit if anything is open and none is under way; called by the engine's ticker. */
  tick(): void {
    if (this.#dirty.size > 0) this.#start();
  }

  /** Intake has to wait for {@link Recorder.room}. */
  get isFull(): boolean {
    return this.#uncommitted >= MOST_UNCOMMITTED || this.#failure !== undefined;
  }

  /** Resolves when intake may go on. @throws what the checkpoint or the output threw. */
  async room(): Promise<void> {
    this.#throwFailure();
    while (this.#uncommitted >= MOST_UNCOMMITTED) await this.commit();
  }

  /** Everything settled before the call is told and durable when this resolves. */
  async commit(): Promise<void> {
    // One under way may have begun without the latest outcomes; any later one has them.
    await this.#committing;
    this.#throwFailure();
    if (this.#dirty.size === 0) return;
    await this.#commitInBackground();
    this.#throwFailure();
  }

  #isKept({ outcome }: ObjectOutcome): boolean {
    const { results } = this.#checkpoint;
    return results === 'all' || (results === 'failures' && outcome === 'failed');
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #start(): void {
    if (this.#committing !== undefined || this.#failure !== undefined) return;
    // It never rejects, so nobody has to wait for it here.
    this.#commitInBackground().catch(() => undefined);
  }

  #commitInBackground(): Promise<void> {
    this.#committing ??= this.#commitOnce().finally(() => {
      this.#committing = undefined;
    });
    return this.#committing;
  }

  /** Never rejects: a failure is kept and thrown to whoever waits next. */
  async #commitOnce(): Promise<void> {
    try {
      const segments = Array.from(this.#dirty, (segment) => segment.record());
      const results = this.#results;
      this.#dirty.clear();
      this.#results = [];
      this.#uncommitted = 0;
      // A reader that takes nothing must not keep the process from being stopped.
      await unlessAborted(this.#events.flush(), this.#abort);
      this.#onBoundary('events.flushed');
      await this.#checkpoint.commit({ segments, results, finished: false });
      this.#onBoundary('checkpoint.committed');
    } catch (error) {
      this.#failure = { error };
    }
  }
}
