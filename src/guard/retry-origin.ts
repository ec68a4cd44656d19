import type { Failure } from '../model/failure.ts';
import type { OriginRequest } from '../model/origin.ts';
import type { Clock } from '../model/ports.ts';
import { calculateRetryDelay } from './calculate-retry-delay.ts';
import type { GuardedOrigin } from './guarded-origin.ts';
import { mayRetry } from './may-retry.ts';
import { sleepUnlessDraining } from './sleep-unless-draining.ts';

export interface RetryPolicy {
  /** Requests to the address for one object, the first included, that bring nothing in a row. */
  readonly perAddress: number;
  /** Instead, while nothing of the object's body is there that could be gone on behind. */
  readonly unlessBegun?: number;
  readonly baseMs: number;
  readonly maxMs: number;
}

/** A request that brought so much of a body that can be read on did not fail in vain. */
const PROGRESS_BYTES = 1024 * 1024;

/**
 * Asks an address again while that may help and the address is not taken for down. It sleeps
 * outside of what it wraps, so no permit is held meanwhile; each request gets a new reader. A large
 * body that breaks off now and then is read on as long as it gets on: what counts is requests in a
 * row that brought nothing. Once `drain` aborts there is no further try: the read ends with
 * Interrupted.
 */
export function retryOrigin(
  origin: GuardedOrigin,
  policy: RetryPolicy,
  clock: Clock,
  drain: AbortSignal,
): GuardedOrigin {
  function delayMs(failures: number, retryAfterMs: number | undefined): number {
    const { baseMs, maxMs } = policy;
    return calculateRetryDelay({ failures, baseMs, maxMs, retryAfterMs }, clock.random());
  }
  return {
    name: origin.name,
    available: () => origin.available(),
    retryAtMs: () => origin.retryAtMs(),
    async read(request, reader, signal) {
      let reached = bytesOf(origin, request);
      for (let requests = 1; ; requests += 1) {
        try {
          return await origin.read(request, reader, signal);
        } catch (error) {
          const there = bytesOf(origin, request);
          // What was there before and was lost since is no progress when it comes again.
          if (there - reached >= PROGRESS_BYTES) requests = 1;
          reached = Math.max(reached, there);
          const most = there === 0 ? (policy.unlessBegun ?? policy.perAddress) : policy.perAddress;
          const helpful = requests < most && isRetried(error) && !signal.aborted;
          if (!helpful || !origin.available()) throw error;
          await sleepUnlessDraining(clock, delayMs(requests, error.retryAfterMs), signal, drain);
          // Others may have found it down meanwhile; the real failure says more than that.
          if (!origin.available()) throw error;
        }
      }
    },
    async probe(signal) {
      await origin.probe(signal);
    },
    async close() {
      await origin.close();
    },
  };
}

/** How much of the object is there that the address could go on behind. */
function bytesOf({ name }: GuardedOrigin, { begun }: OriginRequest): number {
  const there = begun?.();
  return there?.origin === name ? there.bytes : 0;
}

function isRetried(error: unknown): error is Failure {
  return mayRetry(error);
}
