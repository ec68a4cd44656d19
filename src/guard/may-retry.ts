import { Failure, type FailureCode } from '../model/failure.ts';
import { OriginUnavailable } from './origin-unavailable.ts';

/** Whether a failure with this code may be gone at the next request to the same address. */
const MAY_PASS: Readonly<Record<FailureCode, boolean | 'by-status'>> = {
  ORIGIN_NOT_FOUND: false,
  ORIGIN_STATUS: 'by-status',
  ORIGIN_UNREACHABLE: true,
  ORIGIN_TIMEOUT: true,
  ORIGIN_CHANGED: true,
  ORIGIN_ARCHIVED: false,
  LENGTH_MISMATCH: true,
  LENGTH_UNKNOWN: false,
  DIGEST_MISMATCH: true,
  CONTENT_REJECTED: false,
  REDIRECT_REFUSED: false,
  ADDRESS_REFUSED: false,
  LOOP_DETECTED: false,
  BUCKET_REFUSED: false,
  BUCKET_THROTTLED: false,
  BUCKET_UNREACHABLE: false,
  KEY_INVALID: false,
  METADATA_TOO_LARGE: false,
  INTERNAL: false,
};

const REQUEST_TIMEOUT = 408;
const TOO_MANY_REQUESTS = 429;

/**
 * May the same address be asked again? An address that was not asked because it is taken for down
 * is not worth a retry, and what isn't a Failure is nothing that a retry could heal.
 */
export function mayRetry(error: unknown): boolean {
  if (!(error instanceof Failure) || error instanceof OriginUnavailable) return false;
  const passes = MAY_PASS[error.code];
  return passes === 'by-status' ? statusMayPass(error.status ?? 0) : passes;
}

function statusMayPass(status: number): boolean {
  return status >= 500 || status === TOO_MANY_REQUESTS || status === REQUEST_TIMEOUT;
}
