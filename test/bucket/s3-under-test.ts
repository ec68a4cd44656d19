import { httpClient, type HttpClient } from '../../src/http/http-client.ts';
import { byteBudget } from '../../src/guard/byte-budget.ts';
import { s3Bucket, type S3Bucket, type S3BucketSettings } from '../../src/bucket/s3-bucket.ts';
import type { Boundary, Clock } from '../../src/model/ports.ts';
import { openS3Store } from '../../src/s3/open-s3-store.ts';
import type { S3Store } from '../../src/s3/s3-store.ts';
import { fakeClock, type FakeClock } from '../support/fake-clock.ts';
import { startS3Double, type S3Double, type S3DoubleOptions } from '../support/s3-double.ts';
import type { DoubleBucket, DoubleKeys } from '../support/s3-double-state.ts';

/** A bucket on a double, and everything that can be looked at. */
export interface S3UnderTest {
  readonly bucket: S3Bucket;
  readonly store: S3Store;
  readonly double: S3Double;
  /** What the double's bucket holds. */
  readonly inside: DoubleBucket;
  readonly boundaries: Boundary[];
  /** Delays before repeated requests, in milliseconds, with what Retry-After asked for. */
  readonly delays: (number | undefined)[];
  /** The bucket's clock, which stands still. */
  readonly clock: FakeClock;
  /** Another bucket object on the same bucket of the double. */
  again(change: Partial<S3BucketSettings>): S3Bucket;
  readonly destroy: () => Promise<void>;
}

export interface UnderTestOptions {
  readonly double?: S3DoubleOptions;
  readonly bucket?: Partial<S3BucketSettings>;
  readonly keys?: DoubleKeys;
  /** Name of the bucket that is asked for: default `bucket`, which is there. */
  readonly bucketName?: string;
}

/** Requests that are made for one call. */
export const ATTEMPTS = 3;

const NO_PROXIES = { http: undefined, https: undefined, none: undefined };

/** More memory than these tests ever need at once. */
const AMPLE_BYTES = 1024 ** 3;

export function loopbackClient(): HttpClient {
  return httpClient({
    connections: 32,
    timeouts: { connectMs: 2_000, firstByteMs: 5_000, idleMs: 5_000 },
    allowPrivate: true,
    proxies: NO_PROXIES,
    userAgent: 'bucketfill/test',
  });
}

/** The real time, for signatures; no waiting. */
const IMPATIENT: Pick<Clock, 'now' | 'sleep'> = {
  now: () => Date.now(),
  sleep: (_ms, signal) => {
    signal.throwIfAborted();
    return Promise.resolve();
  },
};

/** Starts a double with an empty bucket and opens a bucket on it. */
export async function s3UnderTest(options: UnderTestOptions = {}): Promise<S3UnderTest> {
  const double = await startS3Double(options.double);
  const http = loopbackClient();
  const delays: (number | undefined)[] = [];
  const { accessKeyId, secretAccessKey, sessionToken } = options.keys ?? double.keys;
  const store = openS3Store({
    name: 's3://bucket/',
    endpoint: double.endpoint,
    region: double.region,
    bucket: options.bucketName ?? 'bucket',
    pathStyle: true,
    keys: () => Promise.resolve({ accessKeyId, secretAccessKey, sessionToken }),
    requesterPays: false,
    http,
    identity: {},
    clock: IMPATIENT,
    retry: {
      attempts: ATTEMPTS,
      delayMs: (_failures, retryAfterMs) => {
        delays.push(retryAfterMs);
        return 0;
      },
    },
  });
  const boundaries: Boundary[] = [];
  const clock = fakeClock();
  const again = (change: Partial<S3BucketSettings>): S3Bucket =>
    s3Bucket({
      store,
      name: 's3://bucket/',
      prefix: '',
      storageClass: undefined,
      acl: undefined,
      sse: undefined,
      checksum: 'auto',
      conditionalWrites: 'auto',
      memory: byteBudget(AMPLE_BYTES),
      clock,
      onBoundary: (boundary) => {
        boundaries.push(boundary);
      },
      ...change,
    });
  return {
    bucket: again(options.bucket ?? {}),
    store,
    double,
    inside: double.bucket('bucket'),
    boundaries,
    delays,
    clock,
    again,
    destroy: async () => {
      await store.close();
      await http.close();
      await double.close();
    },
  };
}
