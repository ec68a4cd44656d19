import { Failure, FatalError } from '../model/failure.ts';

/** The `code` of a system error, '' for anything else. */
export function errnoOf(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

/** There is nothing at the path: it, or a folder on its way, is absent or no folder. */
export const isAbsence = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR'].includes(errnoOf(error));

/** This file system can't have that name, whatever stands there; EINVAL and EILSEQ from FAT, ZFS. */
export const isBadName = (error: unknown): boolean =>
  ['ENAMETOOLONG', 'EILSEQ', 'EINVAL', 'ELOOP'].includes(errnoOf(error));

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the device; free some and run again',
  EDQUOT: 'the disk quota is used up; free some space or raise it and run again',
  EACCES: 'permission denied; let this user read and write the bucket directory',
  EPERM: 'the file system does not permit it; let this user read and write the bucket directory',
  EROFS: 'the file system is read-only; mount it writable',
  EIO: 'the device failed to read or write; check the disk',
  EMFILE: 'too many open files; raise `ulimit -n` or lower --concurrency',
  ENFILE: 'the system has too many open files; lower --concurrency',
  ENOENT: 'the bucket directory, or a folder in it, has gone; is it still mounted?',
  ENOTDIR: 'a file stands where a folder is needed; move it away',
  ESTALE: 'the network file system lost the file; run again',
};

/** After these no other object could be stored either: the run ends, and is resumed later. */
const STORES_NOTHING_MORE = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'ESTALE', 'ENOENT']);

/** What a system error means and what to do about it; ends a sentence. */
export function adviceFor(error: unknown): string {
  const code = errnoOf(error);
  const text = error instanceof Error ? error.message : String(error);
  const advice = ADVICE[code];
  return advice === undefined ? text.replaceAll(/\s+/g, ' ') : `${advice} (${code})`;
}

/**
 * Turns what a file operation threw into the failure that the port promises, or, where a store
 * failed and no other could succeed, into FatalError `bucket-unusable`. Failures, fatal errors
 * and the signal's own reason come back as they are.
 * @param doing what was tried, such as `store "a/b"`.
 */
export function asBucketFailure(
  error: unknown,
  bucket: string,
  doing: string,
  signal?: AbortSignal,
): unknown {
  if (error instanceof Failure || error instanceof FatalError) return error;
  if (signal?.aborted === true && error === signal.reason) return error;
  const code = errnoOf(error);
  if (code === '') return error;
  if (code === 'ENAMETOOLONG') {
    const why = 'the path is too long for this file system; use a shorter bucket directory';
    return new Failure('KEY_INVALID', `bucket ${bucket} could not ${doing}: ${why}`, {
      cause: error,
    });
  }
  const message = `bucket ${bucket} could not ${doing}: ${adviceFor(error)}`;
  if (STORES_NOTHING_MORE.has(code) && doing.startsWith('store ')) {
    return new FatalError('bucket-unusable', message, error);
  }
  return new Failure('BUCKET_REFUSED', message, { cause: error });
}
