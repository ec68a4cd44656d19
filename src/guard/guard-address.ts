import type { Origin } from '../model/origin.ts';
import type { Clock } from '../model/ports.ts';
import type { BreakerSettings } from '../model/rule.ts';
import type { MakeBreaker, OnBreakerState } from './address-breaker.ts';
import { breakOrigin } from './break-origin.ts';
import type { Limiter } from './concurrency-limiter.ts';
import type { GuardedOrigin } from './guarded-origin.ts';
import { limitOrigin } from './limit-origin.ts';
import { type Pace, paceOrigin } from './pace-origin.ts';
import { retryOrigin, type RetryPolicy } from './retry-origin.ts';

export interface AddressGuards {
  readonly retries: RetryPolicy;
  /** So many requests at once, and never more. */
  readonly limiter: Limiter;
  /** Absent: neither its host's wishes nor a rate hold the address back. */
  readonly pace?: Pace | undefined;
  readonly breaker: BreakerSettings;
  readonly clock: Clock;
  readonly onState: OnBreakerState;
  /** Where threads share the breaker; absent: it is the address' own. */
  readonly makeBreaker?: MakeBreaker | undefined;
  /** Aborts when the run is to stop: nothing is tried again then. */
  readonly drain: AbortSignal;
}

/**
 * Puts the guards of one address around it in the order that makes sense: retries outermost, so
 * that they hold no permit while they sleep; the breaker innermost, so that it counts requests and
 * is asked once a permit is there, not when the queue for it was entered. The pace is inside of the
 * permits: who waits for its host is one of those that may talk to it.
 */
export function guardAddress(origin: Origin, guards: AddressGuards): GuardedOrigin {
  const { retries, limiter, pace, breaker, clock, onState, drain } = guards;
  const broken = breakOrigin(origin, breaker, clock, onState, guards.makeBreaker);
  const paced = pace === undefined ? broken : paceOrigin(broken, pace);
  return retryOrigin(limitOrigin(paced, limiter), retries, clock, drain);
}
