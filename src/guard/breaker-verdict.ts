import { Failure, type FailureCode } from '../model/failure.ts';
import { isThrottle } from './is-throttle.ts';
import { OriginUnavailable } from './origin-unavailable.ts';

/**
 * What a call says of its address' health: `failure` counts against it, `success` for it, and
 * `neutral` says nothing.
 */
export type BreakerVerdict = 'success' | 'failure' | 'neutral';

/**
 * `by-body`: a cut or mangled body counts when it broke on its way; one that ended cleanly and is
 * not what a list declared says that the list is old, not that the address is ill.
 */
const VERDICTS: Readonly<Record<FailureCode, BreakerVerdict | 'by-status' | 'by-body'>> = {
  ORIGIN_NOT_FOUND: 'success',
  ORIGIN_STATUS: 'by-status',
  ORIGIN_UNREACHABLE: 'failure',
  ORIGIN_TIMEOUT: 'failure',
  ORIGIN_CHANGED: 'success',
  ORIGIN_ARCHIVED: 'success',
  LENGTH_MISMATCH: 'by-body',
  LENGTH_UNKNOWN: 'neutral',
  DIGEST_MISMATCH: 'by-body',
  CONTENT_REJECTED: 'neutral',
  REDIRECT_REFUSED: 'success',
  ADDRESS_REFUSED: 'neutral',
  LOOP_DETECTED: 'success',
  BUCKET_REFUSED: 'neutral',
  BUCKET_THROTTLED: 'neutral',
  BUCKET_UNREACHABLE: 'neutral',
  KEY_INVALID: 'neutral',
  METADATA_TOO_LARGE: 'neutral',
  INTERNAL: 'neutral',
};

/**
 * Judges a failed call. A throttle is neutral; every other status from 500 up counts, also a CDN's
 * 520 to 527, which say that the site behind it is ill. Anything that isn't a Failure (an abort, the end of the run, a bug) is
 * neutral.
 * @param bodyBroke whether the body itself failed, and not whoever consumed it
 */
export function breakerVerdict(error: unknown, bodyBroke: boolean): BreakerVerdict {
  if (!(error instanceof Failure) || error instanceof OriginUnavailable) return 'neutral';
  const verdict = VERDICTS[error.code];
  if (isThrottle(error)) return 'neutral';
  if (verdict === 'by-status') return (error.status ?? 0) >= 500 ? 'failure' : 'success';
  if (verdict === 'by-body') return bodyBroke ? 'failure' : 'success';
  return verdict;
}
