import type { ObjectKey } from '../model/object-key.ts';
import { S3Error } from '../s3/s3-error.ts';
import { asBucketFailure, keyInStore } from './s3-tools.ts';
import type { S3Tools } from './s3-tools.ts';
import { readToken } from './s3-upload-token.ts';

/** Aborts an upload that an earlier run left; one that is gone is as good as aborted. */
export async function s3Abandon(
  tools: S3Tools,
  key: ObjectKey,
  token: string,
  signal: AbortSignal,
): Promise<void> {
  const upload = readToken(token);
  if (upload === undefined) return;
  try {
    await tools.store.control.abortUpload(keyInStore(tools, key), upload.uploadId, signal);
  } catch (error) {
    if (error instanceof S3Error && error.code === 'NoSuchUpload') return;
    throw asBucketFailure(error, tools, key, 'abandon the upload of', signal);
  }
}
