import type { Failure, FailureCode } from '../../model/failure.ts';

/** Of answers that are no 404: the origin gave something else, or nothing. */
const OTHERWISE = 478;
/** Of a bucket that can't store, and of trouble of this side's own. */
const SERVER = 599;

const STATUSES: Readonly<Record<FailureCode, number>> = {
  KEY_INVALID: 400,
  ORIGIN_NOT_FOUND: 404,
  ORIGIN_STATUS: OTHERWISE,
  ORIGIN_UNREACHABLE: OTHERWISE,
  ORIGIN_TIMEOUT: OTHERWISE,
  ORIGIN_CHANGED: OTHERWISE,
  ORIGIN_ARCHIVED: OTHERWISE,
  LENGTH_MISMATCH: OTHERWISE,
  LENGTH_UNKNOWN: OTHERWISE,
  DIGEST_MISMATCH: OTHERWISE,
  CONTENT_REJECTED: OTHERWISE,
  REDIRECT_REFUSED: OTHERWISE,
  ADDRESS_REFUSED: OTHERWISE,
  LOOP_DETECTED: OTHERWISE,
  BUCKET_REFUSED: SERVER,
  BUCKET_THROTTLED: SERVER,
  BUCKET_UNREACHABLE: SERVER,
  METADATA_TOO_LARGE: SERVER,
  INTERNAL: SERVER,
};

/**
 * The status of a prefetch that failed, by Qiniu's table: 400 for what can't be asked for, 404 where
 * the origin has nothing, 478 whatever else an origin answered or not, 599 for a bucket that can't
 * store it. 410 is an answer like any other.
 */
export function prefetchStatus({ code, status }: Pick<Failure, 'code' | 'status'>): number {
  return code === 'ORIGIN_NOT_FOUND' && status === 410 ? OTHERWISE : STATUSES[code];
}
