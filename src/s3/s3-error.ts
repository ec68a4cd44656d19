import type { RefusedAnswer } from '../model/failure.ts';

/** What is known of an answer that a store refused a request with. */
export interface S3ErrorDetails {
  /** S3's code: `NoSuchKey`, `SlowDown`, …; told from the status where the answer has no body. */
  readonly code: string;
  readonly status: number;
  /** The store's own words; '' where it said nothing. */
  readonly said: string;
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;
  /** The bucket's region, where the answer names it. */
  readonly region: string | undefined;
  /** Requests that were made before this was the answer. */
  readonly attempts: number;
  /** The host that the store wants to be asked instead, where the answer names one. */
  readonly endpoint?: string | undefined;
  /** The store's clock as the answer tells it, in milliseconds since the epoch. */
  readonly serverTimeMs?: number | undefined;
  /** The answer itself, without the secrets that it echoes, where the request asked to keep it. */
  readonly answer?: RefusedAnswer | undefined;
}

/**
 * A store's refusal of one request. It stays inside the adapters: `explain-s3-error.ts` makes of it
 * what the bucket port, the origin port or a start check says.
 */
export class S3Error extends Error {
  override readonly name = 'S3Error';
  readonly code: string;
  readonly status: number;
  readonly said: string;
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly region: string | undefined;
  readonly attempts: number;
  readonly endpoint: string | undefined;
  readonly serverTimeMs: number | undefined;
  readonly answer: RefusedAnswer | undefined;

  constructor(details: S3ErrorDetails) {
    super(
      `${details.code} (${String(details.status)})${details.said === '' ? '' : `: ${details.said}`}`,
    );
    this.code = details.code;
    this.status = details.status;
    this.said = details.said;
    this.requestId = details.requestId;
    this.retryAfterMs = details.retryAfterMs;
    this.region = details.region;
    this.attempts = details.attempts;
    this.endpoint = details.endpoint;
    this.serverTimeMs = details.serverTimeMs;
    this.answer = details.answer;
  }
}
