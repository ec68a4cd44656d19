import { Failure } from '../model/failure.ts';
import type { ObjectKey } from '../model/object-key.ts';
import { requestIdIn } from '../s3/request-id.ts';
import { asBucketFailure, keyInStore } from './s3-tools.ts';
import type { S3Tools } from './s3-tools.ts';

/** S3 says 204, also where nothing was there; some stores say 200, or 404 where nothing was. */
const REMOVED = [200, 204, 404];

/**
 * Removes an object; no matter whether it is there. Only a 404 that names the key as its reason says
 * that it is not: any other may be about the bucket, or come from something before the store.
 * @throws Failure `BUCKET_*`, `KEY_INVALID`; the signal's reason.
 */
export async function s3Remove(tools: S3Tools, key: ObjectKey, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const request = {
    method: 'DELETE',
    key: keyInStore(tools, key),
    query: [],
    headers: {},
    body: undefined,
    mayBeAbsent: true,
  } as const;
  try {
    await tools.store.send(
      request,
      ({ status, headers }) => {
        if (REMOVED.includes(status)) return Promise.resolve();
        const line = `bucket ${tools.bucket} answered ${status} when ${JSON.stringify(key)} was to be removed, expected 204: is its endpoint an S3 store, with nothing before it that changes answers?`;
        const details = { status, requestId: requestIdIn(headers) };
        return Promise.reject(new Failure('BUCKET_REFUSED', line, details));
      },
      signal,
    );
  } catch (error) {
    throw asBucketFailure(error, tools, key, 'remove', signal);
  }
}
