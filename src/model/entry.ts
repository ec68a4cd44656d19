import type { EventKey } from './event.ts';
import type { ObjectKey } from './object-key.ts';

/**
 * One line of a list: a key with what the list declares of its object. What is declared is held
 * against the origin's answer, and nothing is stored that differs; what a source knows only roughly
 * (an index page's times and sizes) is no declaration.
 */
export interface KeyEntry {
  readonly key: ObjectKey;
  /** Absolute, http or https; asked instead of the rule's addresses. May hold credentials. */
  readonly url?: string;
  /** Bytes. */
  readonly size?: number;
  /** With or without quotes and `W/`. */
  readonly etag?: string;
  /** 16 bytes, base64. */
  readonly md5?: string;
  /** Milliseconds since the epoch, exact to the second. */
  readonly lastModifiedMs?: number;
}

/** A line that holds no usable key; it is accounted for as a failed entry. */
export interface InvalidEntry {
  readonly invalid: EventKey;
  /** Ends a sentence: `the key has 2000 bytes, …`. */
  readonly reason: string;
}

export type Entry = KeyEntry | InvalidEntry;

/** Consecutive entries of a source and the bytes of the (decompressed) list that they stand in. */
export interface EntryBatch {
  readonly entries: readonly Entry[];
  /** First byte. */
  readonly start: number;
  /** Byte after the last. */
  readonly end: number;
  /** CRC-32 of the list's bytes from 0 to `end`. */
  readonly prefixCrc: number;
}

/** Where a source stands: enough to go on reading there, and to know that it is the same source. */
export interface SourcePosition {
  readonly end: number;
  readonly prefixCrc: number;
}

/** A list of entries that can be read again from any batch's start. */
export interface EntrySource {
  /** As shown to people. */
  readonly name: string;
  /**
   * Batches in order, from `from` on.
   * @throws FatalError `usage` where the list can't be read.
   */
  batches(from: SourcePosition, signal: AbortSignal): AsyncIterable<EntryBatch>;
  /** The entries between two positions that an earlier `batches` gave out, as it gave them. */
  reread(start: number, end: number, signal: AbortSignal): Promise<readonly Entry[]>;
  /** Whether the source still begins with what was read up to `position`; growing is allowed. */
  startsWith(position: SourcePosition, signal: AbortSignal): Promise<boolean>;
  close(): Promise<void>;
}
