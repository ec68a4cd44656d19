import type { StoredObject } from '../model/bucket.ts';
import { Failure } from '../model/failure.ts';
import type { ObjectKey } from '../model/object-key.ts';
import { requestIdIn } from '../s3/request-id.ts';
import { S3Error } from '../s3/s3-error.ts';
import type { S3Response } from '../s3/s3-store.ts';
import { hidesMd5 } from './s3-etag.ts';
import { storedObject } from './s3-headers.ts';
import { asBucketFailure, keyInStore } from './s3-tools.ts';
import type { S3Tools } from './s3-tools.ts';

/** An object as a HEAD shows it. */
export interface S3Head {
  readonly object: StoredObject;
  /** Its ETag is no MD5, because of how it is encrypted. */
  readonly hidesMd5: boolean;
}

/**
 * Whether a store said that there is no such object. A refusal (403) is never that, nor is a bucket
 * that is gone.
 */
export function isAbsence(error: unknown): boolean {
  return error instanceof S3Error && error.status === 404 && error.code !== 'NoSuchBucket';
}

/**
 * Only a 200 says that the object is there: another success is about something else.
 * @throws Failure `BUCKET_REFUSED`.
 */
export function refuseOtherSuccess(
  { bucket }: S3Tools,
  key: ObjectKey,
  { status, headers }: Pick<S3Response, 'status' | 'headers'>,
): void {
  if (status === 200) return;
  const line = `bucket ${bucket} answered ${status} when it was asked for ${JSON.stringify(key)}, expected 200 or 404: is its endpoint an S3 store, with nothing before it that changes answers?`;
  throw new Failure('BUCKET_REFUSED', line, { status, requestId: requestIdIn(headers) });
}

/**
 * Looks an object up.
 * @throws Failure `BUCKET_*`, also where the store would not say (403).
 */
export async function s3Head(
  tools: S3Tools,
  key: ObjectKey,
  signal: AbortSignal,
): Promise<S3Head | undefined> {
  const request = {
    method: 'HEAD',
    key: keyInStore(tools, key),
    query: [],
    headers: {},
    body: undefined,
    mayBeAbsent: true,
  } as const;
  try {
    return await tools.store.send(
      request,
      (response) => {
        if (response.status === 404) return Promise.resolve(undefined);
        refuseOtherSuccess(tools, key, response);
        return Promise.resolve({
          object: storedObject(tools.bucket, key, response),
          hidesMd5: hidesMd5(response.headers),
        });
      },
      signal,
    );
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw asBucketFailure(error, tools, key, 'look up', signal);
  }
}
