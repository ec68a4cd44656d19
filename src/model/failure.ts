/**
 * Why one object could not be copied. The list is closed and documented in the README; programs
 * decide by these codes, never by a message.
 */
export const FAILURE_CODES = [
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
  'BUCKET_REFUSED',
  'BUCKET_THROTTLED',
  'BUCKET_UNREACHABLE',
  'KEY_INVALID',
  'METADATA_TOO_LARGE',
  'INTERNAL',
] as const;

export type FailureCode = (typeof FAILURE_CODES)[number];

/** Bytes of a refused answer's body that are kept; a longer one is not kept at all. */
export const MAX_KEPT_BYTES = 1024 * 1024;

/** An origin's answer that is no object, as it came. */
export interface RefusedAnswer {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** What is known about a failure beside its code and message. */
export interface FailureDetails {
  /** The origin's or the bucket's HTTP status, where there was one. */
  readonly status?: number | undefined;
  /** The address that failed, as shown in events: no credentials, no query. */
  readonly origin?: string | undefined;
  /** How long the other side asked us to stay away, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** Where a 3xx that was not followed points to. */
  readonly location?: string | undefined;
  /** Where the request asked to keep it, and it is of at most a mebibyte. */
  readonly answer?: RefusedAnswer | undefined;
  /** What the other side calls the request, where it says so: its operators find it by that. */
  readonly requestId?: string | undefined;
  readonly cause?: unknown;
}

/**
 * A bad object: caught by the engine, told as an event, never the end of a run. The message is one
 * line: what failed, on which subject, got and expected, what to do.
 */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: FailureCode;
  readonly status: number | undefined;
  readonly origin: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly location: string | undefined;
  readonly answer: RefusedAnswer | undefined;
  readonly requestId: string | undefined;

  constructor(code: FailureCode, message: string, details: FailureDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.status = details.status;
    this.origin = details.origin;
    this.retryAfterMs = details.retryAfterMs;
    this.location = details.location;
    this.answer = details.answer;
    this.requestId = details.requestId;
  }
}

/**
 * What ends a whole run. `cli/exit-code.ts` gives each kind its exit code.
 *
 * - `usage`: the command line, the rules or a list can't be worked with
 * - `bucket-unusable`, `origins-unusable`: at start, or for good
 * - `job-differs`: the state holds this job with other rules or another list
 * - `job-locked`: another run works on this job
 * - `state-unusable`: the state directory is read-only, full, corrupt or foreign
 * - `output-closed`: whoever read stdout has gone
 */
export type FatalKind =
  | 'usage'
  | 'bucket-unusable'
  | 'origins-unusable'
  | 'job-differs'
  | 'job-locked'
  | 'state-unusable'
  | 'output-closed';

/** Ends the run with a clear line; everything finished so far stays finished. */
export class FatalError extends Error {
  override readonly name = 'FatalError';
  readonly kind: FatalKind;

  constructor(kind: FatalKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
  }
}

/**
 * Thrown by what would have gone on waiting (for an address to come back, for the next try) when
 * the run is told to stop. The entry is left open, as if it had not been taken up.
 */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';

  constructor(reason: unknown) {
    super('the run is stopping', { cause: reason });
  }
}
