import type { BodyMemory } from '../model/body-memory.ts';
import type { Bucket } from '../model/bucket.ts';
import type { Origin, OriginRequest } from '../model/origin.ts';
import type { Clock } from '../model/ports.ts';
import type { StoreSettings } from '../model/rule.ts';
import { readBucketBody, type ReadBody, readOriginBody } from './read-bodies.ts';

/** What two bodies that are read at once keep in memory, sockets' buffers included. */
const READING_BYTES = 1024 * 1024;

export interface BothSides {
  readonly bucket: Pick<Bucket, 'name' | 'read'>;
  readonly origin: Origin;
  readonly request: OriginRequest;
  readonly store: StoreSettings;
  /** The bucket's MD5 is wanted, too. */
  readonly withMd5: boolean;
  readonly memory: BodyMemory;
  readonly clock: Pick<Clock, 'sleep'>;
}

export interface BothBodies {
  readonly origin: ReadBody;
  /** Undefined where the bucket has no such object. */
  readonly bucket: ReadBody | undefined;
}

/**
 * Reads what origin and bucket have under a key, both at once, each to its end.
 * @throws Failure where one of them can't be read to its end.
 */
export async function readBothBodies(sides: BothSides, signal: AbortSignal): Promise<BothBodies> {
  const { request, withMd5, clock, memory } = sides;
  const reserved = await memory.reserve(READING_BYTES, signal);
  const ended = new AbortController();
  // Signals made by AbortSignal.any would pile up at one that outlives millions of objects.
  const stop = (): void => {
    ended.abort(signal.reason);
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    signal.throwIfAborted();
    const stored = { bucket: sides.bucket, key: request.key, withMd5, clock };
    const [origin, bucket] = await Promise.all([
      readOriginBody(sides.origin, request, sides.store, ended.signal),
      readBucketBody(stored, ended.signal),
    ]);
    return { origin, bucket };
  } finally {
    // One that failed leaves nobody to wait for the other.
    signal.removeEventListener('abort', stop);
    ended.abort();
    reserved.release();
  }
}
