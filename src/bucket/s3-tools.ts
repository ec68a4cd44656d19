import type { BodyMemory } from '../model/body-memory.ts';
import type { ObjectMetadata, WriteOptions } from '../model/bucket.ts';
import { Failure } from '../model/failure.ts';
import { MAX_KEY_BYTES, utf8Length } from '../model/object-key.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { Clock, OnBoundary } from '../model/ports.ts';
import type { ChecksumAlgorithm } from '../model/rule.ts';
import { bucketFailure } from '../s3/explain-s3-error.ts';
import type { S3Store } from '../s3/s3-store.ts';
import type { PartTurns } from './part-turns.ts';
import type { S3ConditionalWrites } from './s3-conditional-writes.ts';
import type { S3ObjectSettings } from './s3-headers.ts';

/** What all requests of one S3 bucket share. */
export interface S3Tools {
  readonly store: S3Store;
  /** The bucket, for messages. */
  readonly bucket: string;
  /** In front of every key in the store; '' for none. */
  readonly prefix: string;
  readonly objects: S3ObjectSettings;
  readonly checksum: ChecksumAlgorithm;
  readonly conditional: S3ConditionalWrites;
  /** For what uploads keep of bodies; who calls `putBytes` has reserved its bytes already. */
  readonly memory: BodyMemory;
  /** For the parts of all its uploads. */
  readonly turns: PartTurns;
  readonly clock: Clock;
  readonly onBoundary: OnBoundary;
}

/** What is stored, and how. */
export interface S3WriteRequest {
  readonly key: ObjectKey;
  readonly metadata: ObjectMetadata;
  readonly options: WriteOptions;
  readonly signal: AbortSignal;
}

/**
 * The whole key in the store.
 * @throws Failure `KEY_INVALID` where prefix and key together are longer than S3 accepts.
 */
export function keyInStore({ bucket, prefix }: S3Tools, key: ObjectKey): string {
  const whole = prefix + key;
  // One UTF-16 unit is at most three bytes, so most keys are cleared without being encoded.
  if (whole.length * 3 <= MAX_KEY_BYTES) return whole;
  const bytes = utf8Length(whole);
  if (bytes <= MAX_KEY_BYTES) return whole;
  const what = `bucket ${bucket} can't hold ${JSON.stringify(key)}`;
  const why = `with the prefix of bucket.url the key has ${bytes} bytes, S3 accepts at most ${MAX_KEY_BYTES}`;
  throw new Failure('KEY_INVALID', `${what}: ${why}; shorten the prefix`);
}

/**
 * What a request threw, as the bucket port says it; the signal's own reason stays as it is.
 * @param doing what was tried with the key, such as `store`
 */
export function asBucketFailure(
  error: unknown,
  { bucket }: S3Tools,
  key: ObjectKey,
  doing: string,
  signal: AbortSignal,
): unknown {
  if (signal.aborted && error === signal.reason) return error;
  return bucketFailure(error, { bucket, key, doing });
}
