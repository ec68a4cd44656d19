import { Failure, type FailureCode } from '../model/failure.ts';
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
 * Statuses by which a living origin asks for less: Service Unavailable, Bandwidth Limit Exceeded,
 * Site is overloaded. They are answered by waiting (429 is none of the failures anyway). The other
 * statuses from 500 up count, also a CDN's 520 to 527, which say that the site behind it is ill.
 */
const THROTTLES: ReadonlySet<number> = new Set([503, 509, 529]);

/**
 * Judges a failed call. Anything that isn't a Failure (an abort, the end of the run, a bug) is
 * neutral.
 * @param bodyBroke whether the body itself failed, and not whoever consumed it
 */
export function breakerVerdict(error: unknown, bodyBroke: boolean): BreakerVerdict {
  if (!(error instanceof Failure) || error instanceof OriginUnavailable) return 'neutral';
  const verdict = VERDICTS[error.code];
  if (verdict === 'by-status') return judgeStatus(error.status ?? 0);
  if (verdict === 'by-body') return bodyBroke ? 'failure' : 'success';
  return verdict;
}

function judgeStatus(status: number): BreakerVerdict {
  if (THROTTLES.has(status)) return 'neutral';
  return status >= 500 ? 'failure' : 'success';
}
