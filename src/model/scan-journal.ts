import type { FailureCode } from './failure.ts';
import type { ObjectKey } from './object-key.ts';
import type { OpenPlace, StepMark, WalkPlace } from './walk.ts';

/** One line of a manifest: a key of the bucket with what the listing told of its object. */
export interface ManifestEntry {
  readonly key: ObjectKey;
  readonly rule: string;
  readonly originKey: string;
  /** Bytes. */
  readonly size?: number | undefined;
  readonly etag?: string | undefined;
  readonly lastModifiedMs?: number | undefined;
  readonly resolutionMs?: number | undefined;
  /**
   * The object was so young when it was listed that an edit in the same step of its date would not
   * show in the date: what is listed next time proves nothing.
   */
  readonly racy?: true | undefined;
}

/** What was found in a part of a place. It is recorded whole or not at all. */
export interface ScanPiece {
  readonly entries: readonly ManifestEntry[];
  readonly places: readonly WalkPlace[];
  /** How far into the place this leads. */
  readonly mark: StepMark;
}

/** A place that could not be listed, or not to its end. */
export interface ListingFailure {
  readonly rule: string;
  readonly prefix: string;
  readonly code: FailureCode;
  readonly status: number | undefined;
  readonly message: string;
}

/** Where a journal stood when it was saved last. */
export interface JournalStanding {
  /** What {@link ScanJournal.save} was given. */
  readonly tallies: string;
  /** Bytes of the manifest. */
  readonly manifestBytes: number;
}

/**
 * What a scan has found and what it has still to walk; survives a crash as it was saved last.
 * Memory holds neither all keys nor all places.
 */
export interface ScanJournal {
  /** Undefined where the scan begins. */
  readonly standing: JournalStanding | undefined;
  /** Puts places in line. A promise is back-pressure, as with `record`. */
  begin(source: number, places: readonly WalkPlace[]): Promise<void> | undefined;
  /** The next place to walk; undefined where none is in line now. */
  next(): Promise<OpenPlace | undefined>;
  /** Adds lines to the manifest and places to the line, at once. */
  record(place: OpenPlace, piece: ScanPiece): Promise<void> | undefined;
  /** The place is done with. */
  finish(place: OpenPlace, failure: ListingFailure | undefined): void;
  /**
   * Makes everything that was recorded when it was called durable.
   * @returns how many bytes of the manifest that are; they will never change.
   * @throws FatalError `state-unusable`.
   */
  save(tallies: string): Promise<number>;
  close(): Promise<void>;
}
