import type { Bucket } from '../model/bucket.ts';
import { Failure } from '../model/failure.ts';
import type { OpenUploads } from './open-uploads.ts';
import { unseal } from './sealed-upload.ts';

/**
 * Aborts the uploads that nobody goes on with. Those that the bucket would not abort stay written
 * down for the next time. Uploads of others are never touched: only what was written down is.
 * @returns how many were aborted. Throws FatalError and the signal's reason.
 */
export async function sweepUploads(
  uploads: OpenUploads,
  bucket: Bucket,
  signal: AbortSignal,
): Promise<number> {
  let swept = 0;
  for (const { key, sealed } of uploads.left()) {
    const upload = unseal(sealed);
    try {
      if (upload !== undefined) await bucket.abandonUpload(key, upload.mark.token, signal);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      continue;
    }
    await uploads.drop(key);
    swept += 1;
  }
  return swept;
}
