import type { Bucket } from '../model/bucket.ts';
import { Failure } from '../model/failure.ts';
import type { OpenUploads } from './open-uploads.ts';
import { unseal } from './sealed-upload.ts';

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
  for (const { key, sealed } of uploads.left()) {
    const upload = unseal(sealed);
    if (upload !== undefined && uploads.now() - upload.keptMs < minAgeMs) {
      left += 1;
      continue;
    }
    try {
      if (upload !== undefined) await bucket.abandonUpload(key, upload.mark.token, signal);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      refusals.push(error.message);
      continue;
    }
    await uploads.drop(key);
    aborted += 1;
  }
  return { aborted, left, refusals };
}
