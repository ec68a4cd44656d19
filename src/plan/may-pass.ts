import type { Failure, FailureCode } from '../model/failure.ts';

/** Trouble of an address or of the bucket, not of the object. */
const TROUBLE: ReadonlySet<FailureCode> = new Set([
  'ORIGIN_UNREACHABLE',
  'ORIGIN_TIMEOUT',
  'BUCKET_THROTTLED',
  'BUCKET_UNREACHABLE',
]);

const TOO_MANY_REQUESTS = 429;
const FIRST_SERVER_ERROR = 500;

/** Whether a fetch that failed so may come to something at another time. */
export function mayPass({ code, status = 0 }: Pick<Failure, 'code' | 'status'>): boolean {
  if (code !== 'ORIGIN_STATUS') return TROUBLE.has(code);
  return status === TOO_MANY_REQUESTS || status >= FIRST_SERVER_ERROR;
}
