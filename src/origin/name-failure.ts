import { Failure, type FailureCode } from '../model/failure.ts';

/** Failures that are the origin's, whoever noticed. */
const ORIGIN_FAILURES: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'ORIGIN_NOT_FOUND',
  'ORIGIN_STATUS',
  'ORIGIN_UNREACHABLE',
  'ORIGIN_TIMEOUT',
  'ORIGIN_CHANGED',
  'ORIGIN_ARCHIVED',
  'LENGTH_MISMATCH',
  'LENGTH_UNKNOWN',
  'DIGEST_MISMATCH',
  'CONTENT_REJECTED',
  'REDIRECT_REFUSED',
  'ADDRESS_REFUSED',
  'LOOP_DETECTED',
]);

/** `error` with the address's name in it, where it is a failure of the origin without one. */
export function nameFailure(error: unknown, name: string): unknown {
  if (!(error instanceof Failure) || error.origin !== undefined) return error;
  if (!ORIGIN_FAILURES.has(error.code)) return error;
  const { status, retryAfterMs, location, answer, requestId, cause } = error;
  return new Failure(error.code, error.message, {
    status,
    origin: name,
    retryAfterMs,
    location,
    answer,
    requestId,
    cause,
  });
}
