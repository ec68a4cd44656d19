/** How long to stay away from an address. */
export interface RetryDelay {
  /** Failed requests so far, at least 1. */
  readonly failures: number;
  readonly baseMs: number;
  readonly maxMs: number;
  /** What the address asked for by Retry-After. */
  readonly retryAfterMs: number | undefined;
}

/** More would be beyond any cap, and in the end infinite, which times a base of 0 is no number. */
const MAX_DOUBLINGS = 40;

/**
 * The wait before the next request to the same address, in milliseconds: base × 2ⁿ, half of it by
 * chance so that many waiters don't come back at once; at least what Retry-After asked for; never
 * more than `maxMs`.
 *
 * @param random in [0, 1)
 */
export function calculateRetryDelay(delay: RetryDelay, random: number): number {
  const { failures, baseMs, maxMs, retryAfterMs } = delay;
  const backoffMs = Math.min(maxMs, baseMs * 2 ** Math.min(failures - 1, MAX_DOUBLINGS));
  const jitteredMs = backoffMs / 2 + (backoffMs / 2) * random;
  return Math.round(Math.min(maxMs, Math.max(jitteredMs, retryAfterMs ?? 0)));
}
