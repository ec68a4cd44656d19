import type { Bucket } from '../model/bucket.ts';
import { Failure, FatalError, Interrupted } from '../model/failure.ts';

/** Looks whether the bucket answers at all; rejects where it does not. */
export type BucketProbe = (signal: AbortSignal) => Promise<void>;

/**
 * A bucket that is gone ends the run instead of failing one object after another: where a call
 * finds it unreachable or throttled for longer than the adapter tries, the bucket itself is asked.
 * Where that fails too the call throws FatalError `bucket-unusable`, and the entry stays open.
 */
export function watchBucket(bucket: Bucket, probe: BucketProbe): Bucket {
  let probing: Promise<void> | undefined;
  const judge = async (error: unknown, signal: AbortSignal): Promise<unknown> => {
    const isTrouble =
      error instanceof Failure &&
      (error.code === 'BUCKET_UNREACHABLE' || error.code === 'BUCKET_THROTTLED');
    if (!isTrouble || signal.aborted) return error;
    probing ??= probe(signal).finally(() => {
      probing = undefined;
    });
    try {
      await probing;
      return error;
    } catch (probed) {
      signal.throwIfAborted();
      if (probed instanceof Interrupted) return probed;
      return new FatalError('bucket-unusable', error.message, error);
    }
  };
  const watched = async <T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> => {
    try {
      return await call();
    } catch (error) {
      throw await judge(error, signal);
    }
  };
  return {
    name: bucket.name,
    head: (key, signal) => watched(() => bucket.head(key, signal), signal),
    // As `watched`, without its call in between: all that serve answers comes by here.
    read: (key, reader, signal, options) =>
      bucket.read(key, reader, signal, options).catch(async (error: unknown) => {
        throw await judge(error, signal);
      }),
    list: (range, signal) => bucket.list(range, signal),
    // As `watched`, without its call in between: it is the one that every small object takes.
    putBytes: (key, bytes, metadata, options, signal) =>
      bucket.putBytes(key, bytes, metadata, options, signal).catch(async (error: unknown) => {
        throw await judge(error, signal);
      }),
    openUpload: async (key, metadata, options, signal) => {
      const upload = await watched(() => bucket.openUpload(key, metadata, options, signal), signal);
      return {
        write: (chunk) => {
          const busy = upload.write(chunk);
          return busy && watched(() => busy, signal);
        },
        commit: () => watched(() => upload.commit(), signal),
        abort: () => upload.abort(),
        lasting: upload.lasting,
      };
    },
    abandonUpload: (key, token, signal) =>
      watched(() => bucket.abandonUpload(key, token, signal), signal),
  };
}
