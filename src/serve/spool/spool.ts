import type { BodySink } from '../../model/ports.ts';

/** Bytes [from, to) of a body; to its end where `to` is undefined. */
export interface SpoolRange {
  readonly from: number;
  readonly to: number | undefined;
}

/**
 * A body as it comes in: one writer, any number of readers, each at its own pace and from any
 * offset. Whoever uses it holds it: its memory and file go when the last hold is released, or as
 * soon as it is void.
 */
export interface Spool {
  /**
   * Takes the next bytes, of which it keeps a copy. A returned promise is back-pressure: the disk
   * is slow, or other spools have all of its space. Readers never keep it waiting.
   * @throws SpoolFull where the bytes can't be kept, and the body is void then; what the body is
   * void for.
   */
  readonly write: BodySink;
  /** Bytes that were taken so far. */
  readonly receivedBytes: number;
  /** All bytes are there and passed the commit gate: readers get the last byte and the end. */
  pass(): void;
  /** The body is void: readers, waiting or not, throw `error`. Of it and `pass`, the first counts. */
  fail(error: unknown): void;
  /**
   * Sends a range to `sink` in order, as it comes; before `pass` never the last byte that came,
   * which might be the body's last. Chunks are of at most 64 KiB and never change afterwards.
   * @returns the number of bytes sent, when the range or the body ended.
   * @throws the signal's reason, what the body is void for, what `sink` throws; SpoolFull where
   * the disk does not give the bytes back.
   */
  pipeTo(sink: BodySink, range: SpoolRange, signal: AbortSignal): Promise<number>;
  /**
   * Waits until `pipeTo` has so many bytes to send, or the body ended.
   * @returns how many it has by then.
   * @throws the signal's reason, what the body is void for.
   */
  reached(bytes: number, signal: AbortSignal): Promise<number>;
  /** Keeps the spool. @returns what releases it; safe to call twice. */
  hold(): () => void;
}
