import { Failure, FatalError, type FailureCode } from '../model/failure.ts';
import { S3Error } from './s3-error.ts';
import { refusalAdvice, type RefusalKind } from './s3-error-advice.ts';

/** What was being done when a store refused. */
export interface RefusedSubject {
  /** `s3://bucket/`. */
  readonly bucket: string;
  /** Absent where the bucket itself was asked. */
  readonly key?: string | undefined;
  /** What was tried, without its object: `store`, `read`, `list objects`. */
  readonly doing: string;
}

function line(subject: RefusedSubject, role: 'bucket' | 'origin', problem: string): string {
  const what = subject.key === undefined ? '' : ` ${JSON.stringify(subject.key)}`;
  return `${role} ${subject.bucket} could not ${subject.doing}${what}: ${problem}`;
}

function refusal(error: S3Error, subject: RefusedSubject, role: 'bucket' | 'origin'): string {
  const { code, status, said, requestId, attempts, endpoint } = error;
  const words = said === '' ? '' : `; it says "${said}"`;
  const elsewhere = endpoint === undefined ? '' : `; it names ${JSON.stringify(endpoint)}`;
  const id = requestId === undefined ? '' : `, request ${requestId}`;
  const tries = attempts > 1 ? `, ${String(attempts)} requests` : '';
  const advice = adviceFor(error);
  const facts = `${code} (${String(status)}${tries}${id})`;
  return line(subject, role, `${facts}: ${advice}${words}${elsewhere}`);
}

function adviceFor(error: S3Error): string {
  const { advice } = refusalAdvice(error);
  if (error.code !== 'AccessDenied' || error.said !== '') return advice;
  // An answer to HEAD has no body, and S3 hides absence from those who may not list.
  return 'a bare 403 tells neither that the object is there nor that it is not: without s3:ListBucket stores answer so for absent objects as well; grant s3:ListBucket on the bucket and s3:GetObject on its objects';
}

/**
 * What the bucket port says of an error of `S3Store`: Failure `BUCKET_REFUSED`,
 * `BUCKET_THROTTLED`, `BUCKET_UNREACHABLE`, `KEY_INVALID` or `METADATA_TOO_LARGE`; FatalError
 * `bucket-unusable` where no later object can fare better, a full bucket's included; a wrong
 * signature counts as such where the bucket itself was asked, as a start check does. Everything
 * else comes back as it is.
 */
export function bucketFailure(error: unknown, subject: RefusedSubject): unknown {
  if (error instanceof Failure) return networkFailure(error, subject);
  if (!(error instanceof S3Error)) return error;
  const { status, retryAfterMs, requestId } = error;
  const message = refusal(error, subject, 'bucket');
  const { kind } = refusalAdvice(error);
  if (isFatal(kind) || (kind === 'signature' && subject.key === undefined)) {
    return new FatalError('bucket-unusable', message, error);
  }
  const details = { status, retryAfterMs, requestId, cause: error };
  return new Failure(BUCKET_CODES[kind], message, details);
}

const isFatal = (kind: RefusalKind): kind is 'fatal' | 'full' =>
  kind === 'fatal' || kind === 'full';

const BUCKET_CODES = {
  object: 'BUCKET_REFUSED',
  absent: 'BUCKET_REFUSED',
  archived: 'BUCKET_REFUSED',
  key: 'KEY_INVALID',
  metadata: 'METADATA_TOO_LARGE',
  throttle: 'BUCKET_THROTTLED',
  trouble: 'BUCKET_UNREACHABLE',
  signature: 'BUCKET_REFUSED',
} as const satisfies Record<Exclude<RefusalKind, 'fatal' | 'full'>, string>;

const NETWORK_CODES: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'ORIGIN_UNREACHABLE',
  'ORIGIN_TIMEOUT',
  'LENGTH_MISMATCH',
]);

/** The HTTP client speaks of origins, whomever it asks. */
function networkFailure(error: Failure, subject: RefusedSubject): unknown {
  const { code, status, retryAfterMs } = error;
  const message = line(subject, 'bucket', error.message);
  if (code === 'ADDRESS_REFUSED') return new FatalError('bucket-unusable', message, error);
  if (!NETWORK_CODES.has(code)) return error;
  return new Failure('BUCKET_UNREACHABLE', message, { status, retryAfterMs, cause: error });
}

/**
 * What the origin port says of an error of `S3Store`: Failure `ORIGIN_NOT_FOUND`,
 * `ORIGIN_ARCHIVED` or `ORIGIN_STATUS` with the status and the answer that was kept. Where the store would refuse every object,
 * for its credentials or its bucket, that is `ORIGIN_UNREACHABLE` without a status: it says nothing
 * of the object, and another address may serve. Everything else comes back as it is.
 */
export function originFailure(error: unknown, subject: RefusedSubject): unknown {
  if (!(error instanceof S3Error)) return error;
  const { retryAfterMs, requestId } = error;
  const message = refusal(error, subject, 'origin');
  const code = originCode(refusalAdvice(error).kind);
  const isAboutObject = code !== 'ORIGIN_UNREACHABLE' && error.status >= 300;
  return new Failure(code, message, {
    status: isAboutObject ? error.status : undefined,
    retryAfterMs,
    requestId,
    answer: isAboutObject ? error.answer : undefined,
    cause: error,
  });
}

type OriginCode = 'ORIGIN_NOT_FOUND' | 'ORIGIN_ARCHIVED' | 'ORIGIN_STATUS' | 'ORIGIN_UNREACHABLE';

function originCode(kind: RefusalKind): OriginCode {
  switch (kind) {
    case 'absent':
      return 'ORIGIN_NOT_FOUND';
    case 'archived':
      return 'ORIGIN_ARCHIVED';
    case 'fatal':
    case 'signature':
      return 'ORIGIN_UNREACHABLE';
    case 'object':
    case 'key':
    case 'metadata':
    case 'throttle':
    case 'trouble':
    case 'full':
      return 'ORIGIN_STATUS';
  }
}
