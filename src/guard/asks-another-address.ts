import { Failure, type FailureCode } from '../model/failure.ts';
import type { StatusPattern } from '../model/rule.ts';

/** Which statuses ask another address; `neverRetryOn` has the last word. */
export interface FailoverStatuses {
  readonly retryOn: readonly StatusPattern[];
  readonly neverRetryOn: readonly StatusPattern[];
}

/** Whether another address may do better after a failure with this code. */
const ELSEWHERE: Readonly<Record<FailureCode, boolean | 'by-status'>> = {
  ORIGIN_NOT_FOUND: 'by-status',
  ORIGIN_STATUS: 'by-status',
  ORIGIN_UNREACHABLE: true,
  ORIGIN_TIMEOUT: true,
  ORIGIN_CHANGED: true,
  ORIGIN_ARCHIVED: 'by-status',
  LENGTH_MISMATCH: true,
  LENGTH_UNKNOWN: false,
  DIGEST_MISMATCH: true,
  CONTENT_REJECTED: false,
  REDIRECT_REFUSED: true,
  ADDRESS_REFUSED: true,
  LOOP_DETECTED: true,
  BUCKET_REFUSED: false,
  BUCKET_THROTTLED: false,
  BUCKET_UNREACHABLE: false,
  KEY_INVALID: false,
  METADATA_TOO_LARGE: false,
  INTERNAL: false,
};

const NOT_FOUND = 404;

/**
 * Is another address asked for the object after this error? Connection failures, timeouts, broken
 * bodies and refused redirects or addresses always ask one; statuses by the rule's lists; what is
 * no failure of the origin (the bucket's, an abort, the end of the run) never does.
 */
export function asksAnotherAddress(error: unknown, statuses: FailoverStatuses): boolean {
  if (!(error instanceof Failure)) return false;
  const elsewhere = ELSEWHERE[error.code];
  if (elsewhere !== 'by-status') return elsewhere;
  const status = error.status ?? (error.code === 'ORIGIN_NOT_FOUND' ? NOT_FOUND : 0);
  const listed = (patterns: readonly StatusPattern[]) =>
    patterns.some((pattern) => holds(pattern, status));
  return listed(statuses.retryOn) && !listed(statuses.neverRetryOn);
}

function holds(pattern: StatusPattern, status: number): boolean {
  switch (pattern) {
    case '4XX':
      return status >= 400 && status < 500;
    case '5XX':
      return status >= 500 && status < 600;
    default:
      return pattern === status;
  }
}
