import type { Failure } from '../model/failure.ts';

/** Whether the bucket is the trouble, whatever the origins have. */
export function isBucketFailure({ code }: Pick<Failure, 'code'>): boolean {
  return code === 'BUCKET_REFUSED' || code === 'BUCKET_THROTTLED' || code === 'BUCKET_UNREACHABLE';
}
