import type { Bucket } from '../model/bucket.ts';
import { Failure } from '../model/failure.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { OpenUploads } from './open-uploads.ts';
import type { OrphanUpload } from './sealed-upload.ts';

/** What a sweep came to. */
export interface Sweep {
  readonly aborted: number;
  /** Too young to be swept. */
  readonly left: number;
  /** What the bucket said of those that it would not abort. */
  readonly refusals: readonly string[];
}

/**
 * Aborts the uploads that nobody goes on with. Those that the bucket would not abort stay written
 * down for the next time. Uploads of others are never touched: only what was written down is.
 * Throws FatalError and the signal's reason.
 * @param minAgeMs younger ones are left alone
 */
export async function sweepUploads(
  uploads: OpenUploads,
  bucket: Bucket,
  signal: AbortSignal,
  minAgeMs = 0,
): Promise<Sweep> {
  const refusals: string[] = [];
  let [aborted, left] = [0, 0];
  const sweep = async (key: ObjectKey, { token, keptMs }: OrphanUpload): Promise<boolean> => {
    if (uploads.now() - keptMs < minAgeMs) {
      left += 1;
      return false;
    }
    try {
      await bucket.abandonUpload(key, token, signal);
      aborted += 1;
      return true;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      refusals.push(error.message);
      return false;
    }
  };
  for (const [key, { upload, orphans }] of uploads.left()) {
    for (const orphan of orphans) {
      if (await sweep(key, orphan)) await uploads.dropOrphan(key, orphan.token);
    }
    if (upload === undefined) continue;
    const { mark, keptMs } = upload;
    if (await sweep(key, { token: mark.token, keptMs })) await uploads.drop(key);
  }
  return { aborted, left, refusals };
}
