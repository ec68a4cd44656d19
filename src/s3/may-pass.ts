import { Failure, type FailureCode } from '../model/failure.ts';
import { S3Error } from './s3-error.ts';

/** Statuses of throttles and of servers, or what stands before them, in trouble. */
const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504, 509]);

/** Cloudflare's own statuses, all of which mean that it could not reach what is behind it. */
const FIRST_CLOUDFLARE = 520;
const LAST_CLOUDFLARE = 529;

/** Codes that come with statuses which alone would mean a refusal, or with any. */
const PASSING_CODES: ReadonlySet<string> = new Set([
  'SlowDown',
  'RequestTimeout',
  'InternalError',
  'ServiceUnavailable',
  'Throttling',
  'ThrottlingException',
  'RequestThrottled',
  'RequestLimitExceeded',
  'TooManyRequests',
  'BandwidthLimitExceeded',
  'OperationAborted',
  'ConditionalRequestConflict',
]);

const PASSING_FAILURES: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'ORIGIN_UNREACHABLE',
  'ORIGIN_TIMEOUT',
  'LENGTH_MISMATCH',
]);

/** May the same request to the same store succeed a little later? */
export function mayPass(error: unknown): error is S3Error | Failure {
  if (error instanceof Failure) return PASSING_FAILURES.has(error.code);
  if (!(error instanceof S3Error)) return false;
  const { status, code } = error;
  return (
    PASSING_STATUSES.has(status) ||
    (status >= FIRST_CLOUDFLARE && status <= LAST_CLOUDFLARE) ||
    PASSING_CODES.has(code)
  );
}
