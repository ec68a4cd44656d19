import type { Bucket } from '../model/bucket.ts';
import { Failure } from '../model/failure.ts';
import type { ObjectRemover } from '../model/object-remover.ts';

/**
 * A bucket that can be read and not written. A dry run never gets as far as a write; should it,
 * the write fails as `INTERNAL` and the bucket stays as it is.
 */
export function dryRunBucket(bucket: Bucket): Bucket {
  const refuse = async (key: string) =>
    Promise.reject(new Failure('INTERNAL', `a dry run tried to write ${key} to ${bucket.name}`));
  return {
    name: bucket.name,
    head: async (key, signal) => bucket.head(key, signal),
    read: async (key, reader, signal, options) => bucket.read(key, reader, signal, options),
    list: (range, signal) => bucket.list(range, signal),
    putBytes: refuse,
    openUpload: refuse,
    abandonUpload: refuse,
  };
}

/** The remover of a dry run, which never gets as far as removing anything: `INTERNAL` if it does. */
export function dryRunRemover(name: string): ObjectRemover {
  return {
    remove: async (key) =>
      Promise.reject(new Failure('INTERNAL', `a dry run tried to remove ${key} from ${name}`)),
  };
}
