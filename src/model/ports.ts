/**
 * Glossary, used everywhere in these words:
 *
 * - origin: where objects come from, an address; masters are asked first, then slaves
 * - bucket: where objects land
 * - object, key, prefix: as in S3
 * - rule: which keys, from which origins, how
 * - back-to-origin: serve pulling an object on a miss; prefetch: pulling it ahead
 * - scan: walking an origin for keys; manifest: the list that a scan wrote
 * - segment: a run of consecutive entries of a list or manifest, the unit of checkpointing
 * - checkpoint: what survives a crash; job: one bucket + rules + key source
 * - part: of a multipart upload; validator: an ETag or Last-Modified naming one version
 *
 * A port is what the use cases see of the outside. Adapters implement it; `guard` wraps it. The
 * ports: `origin.ts`, `bucket.ts`, `entry.ts`, `checkpoint.ts`, and the small ones below.
 */
import type { RunEvent } from './event.ts';

/** Time and chance come in as arguments, so that no test waits on real time. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** In [0, 1). */
  random(): number;
}

/** Lower-case header name to value; repeated headers are joined with `, `. */
export type Headers = Readonly<Record<string, string>>;

/** Takes verified chunks in order. A returned promise is back-pressure: no chunk until it settles. */
export type BodySink = (chunk: Uint8Array) => void | Promise<void>;

/** A body that is read once: whole as one buffer when it is small, or chunk by chunk. */
export interface Body {
  /**
   * The whole body.
   * @throws Failure as `pipeTo`, and `LENGTH_MISMATCH` where the body is longer than `limit` bytes.
   */
  bytes(limit: number): Promise<Uint8Array>;
  /**
   * Sends the body to `sink` and resolves with its length in bytes once its framing ended cleanly.
   * @throws Failure `LENGTH_MISMATCH` for a cut body, `ORIGIN_TIMEOUT`, `ORIGIN_UNREACHABLE`; what
   * `sink` throws comes through as it is.
   */
  pipeTo(sink: BodySink): Promise<number>;
  /**
   * As `pipeTo`, where the body can lend its chunks: a sink that returns nothing is done with the
   * chunk, whose memory is used again; one that returns a promise keeps it.
   */
  lendTo?(sink: BodySink): Promise<number>;
}

/** Takes events; a returned promise is back-pressure. */
export interface EventSink {
  emit(event: RunEvent): void;
  /** Resolves when everything emitted so far has left the process. */
  flush(): Promise<void>;
}

/**
 * Points between two durable steps. Tests kill the process at each of them; in production nobody
 * listens.
 */
export type Boundary =
  | 'bucket.written'
  | 'bucket.described'
  | 'bucket.committed'
  | 'upload.marked'
  | 'events.flushed'
  | 'checkpoint.begun'
  | 'checkpoint.committed'
  | 'plan.saved'
  | 'object.deleted'
  | 'generation.committed'
  | 'job.finished';

export type OnBoundary = (boundary: Boundary) => void;
