import type { Bucket } from '../model/bucket.ts';
import { Failure, FatalError } from '../model/failure.ts';
import { objectKey } from '../model/object-key.ts';
import type { Clock } from '../model/ports.ts';

/** Whether the bucket answers. */
export interface BucketHealth {
  ready(): { readonly ready: boolean; readonly reason?: string };
}

const LOOK_EVERY_MS = 5000;
/** A key that hardly anybody has; whether it is there is no matter. */
const PROBE = objectKey('.bucketfill-health');

/** Looks every few seconds, until the signal aborts. */
export function watchBucketHealth(bucket: Bucket, clock: Clock, signal: AbortSignal): BucketHealth {
  let reason: string | undefined;
  const look = async (): Promise<void> => {
    try {
      // HEAD of a key can't tell a bucket that is gone from a key that is.
      await bucket.read(PROBE, () => Promise.resolve(), signal);
      reason = undefined;
    } catch (error) {
      if (error instanceof Failure || error instanceof FatalError) reason = error.message;
      else throw error;
    }
  };
  const watch = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(LOOK_EVERY_MS, signal);
      await look();
    }
  };
  watch().catch((error: unknown) => {
    if (!signal.aborted) reason = `a bug of bucketfill, please report it: ${String(error)}`;
  });
  return { ready: () => (reason === undefined ? { ready: true } : { ready: false, reason }) };
}
