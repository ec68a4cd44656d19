import type { SourcePosition } from './entry.ts';
import type { EventKey, ObjectOutcome } from './event.ts';
import type { FailureCode } from './failure.ts';

/** What decides what is copied and to where: field of the rules or flag, to its canonical text. */
export type Fingerprint = Readonly<Record<string, string>>;

export interface JobRecord {
  readonly fingerprint: Fingerprint;
  /** Every segment is closed and the source was read to its end. */
  readonly finished: boolean;
}

/** Two bits an entry in a segment's outcomes. */
export const ENTRY_OPEN = 0;
export const ENTRY_COPIED = 1;
export const ENTRY_SKIPPED = 2;
export const ENTRY_FAILED = 3;

export interface SegmentFailure {
  /** Index of the entry in its segment. */
  readonly index: number;
  readonly code: FailureCode;
  readonly status?: number | undefined;
  readonly origin?: string | undefined;
  readonly message: string;
  readonly attempts: number;
}

/** One segment: where its entries stand and what became of each. Self-contained. */
export interface SegmentRecord {
  /** From 0, consecutive. */
  readonly id: number;
  readonly start: number;
  readonly end: number;
  readonly prefixCrc: number;
  /** How many entries. */
  readonly entries: number;
  /** Two bits an entry, first entry in the lowest bits of byte 0. */
  readonly outcomes: Uint8Array;
  readonly failures: readonly SegmentFailure[];
  /** No entry is open. */
  readonly closed: boolean;
  readonly copied: number;
  readonly skipped: number;
  readonly failed: number;
}

/** What a job's closed work amounts to. */
export interface JobTotals {
  /** How many segments were begun; also the id of the next. */
  readonly segments: number;
  /** Where the last begun segment ends. */
  readonly position: SourcePosition;
  readonly copied: number;
  readonly skipped: number;
  readonly failed: number;
}

/** Which outcomes the state keeps a line of. */
export type ResultsKept = 'none' | 'failures' | 'all';

/** Where an entry stands: its segment's id, and its index there. */
export interface EntryPlace {
  readonly segment: number;
  readonly index: number;
}

/** What became of an entry: what its event said, and the entry's place. */
export type EntryResult = EntryPlace & EventKey & ObjectOutcome;

/** A result as the state keeps it. */
export type StoredResult = {
  /** When it was handed to the state, a moment after the outcome; ISO 8601, UTC. */
  readonly time: string;
} & EntryResult;

/** One durable change. */
export interface CheckpointBatch {
  /** They replace those with their ids. */
  readonly segments: readonly SegmentRecord[];
  /** Of entries in `segments`; those that the state's `results` asks for. */
  readonly results: readonly EntryResult[];
  /** Every segment is closed and the source was read to its end. */
  readonly finished: boolean;
}

/** What survives a crash. Writes are batches: each `commit` is one durable transaction. */
export interface Checkpoint {
  /** Which results a batch is to carry. */
  readonly results: ResultsKept;
  /** The job that this state holds, if any. */
  load(): Promise<JobRecord | undefined>;
  /**
   * Starts the job afresh: segments of an earlier pass are dropped. Results of one that was
   * finished are kept beside the new ones, until the next `begin`.
   */
  begin(fingerprint: Fingerprint): Promise<void>;
  totals(): Promise<JobTotals>;
  /** Segments that still have open entries, by id; as few as were in flight. */
  openSegments(): Promise<readonly SegmentRecord[]>;
  /** Durable when it resolves. @throws FatalError `state-unusable`. */
  commit(batch: CheckpointBatch): Promise<void>;
  close(): Promise<void>;
}
