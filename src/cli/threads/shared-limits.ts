import { AddressBreaker, type MakeBreaker } from '../../guard/address-breaker.ts';
import { AdaptiveLimiter } from '../../guard/adaptive-limiter.ts';
import type { BreakerVerdict } from '../../guard/breaker-verdict.ts';
import type { TokenBucket, Tokens } from '../../guard/token-bucket.ts';
import type { Clock } from '../../model/ports.ts';
import { shareOf } from '../../run/threads/share-of.ts';
import type { Sharing } from './sharing.ts';

/** Told of what all threads have to know. */
export interface LimitsListener {
  breaker(name: string, isClosed: boolean): void;
  /** @param pauseMs for how long the host is to be left alone; 0 where it does not say */
  throttled(host: string, pauseMs: number): void;
}

/**
 * What holds the threads of a run back, as its own thread has it: the breakers and the rates of all
 * of them, and its share of what is divided.
 */
export class SharedLimits implements Sharing {
  readonly #threads: number;
  readonly #listener: LimitsListener;
  readonly #limiters = new Map<string, AdaptiveLimiter>();
  readonly #rates = new Map<string, TokenBucket>();
  readonly #breakers = new Map<string, AddressBreaker>();
  readonly #notClosed = new Set<string>();

  constructor(threads: number, listener: LimitsListener) {
    this.#threads = threads;
    this.#listener = listener;
  }

  share(most: number): number {
    return shareOf(most, 0, this.#threads);
  }

  limiter(host: string, clock: Clock): AdaptiveLimiter {
    const limiter = new AdaptiveLimiter(clock, (pauseMs) => {
      this.#listener.throttled(host, pauseMs);
    });
    this.#limiters.set(host, limiter);
    return limiter;
  }

  tokens(name: string, make: () => TokenBucket): Tokens {
    const rate = this.#rates.get(name) ?? make();
    this.#rates.set(name, rate);
    return rate;
  }

  breaker(name: string): MakeBreaker {
    return (settings, clock, onState) => {
      const breaker = new AddressBreaker(settings, clock, (state, reason) => {
        onState(state, reason);
        const isClosed = state === 'closed';
        if (isClosed) this.#notClosed.delete(name);
        else this.#notClosed.add(name);
        this.#listener.breaker(name, isClosed);
      });
      this.#breakers.set(name, breaker);
      return breaker;
    };
  }

  /** Breakers that are not closed now. */
  notClosed(): readonly string[] {
    return [...this.#notClosed];
  }

  /** What came of a call of another thread. */
  passed(breaker: string, verdict: BreakerVerdict): void {
    // It never throws, and nobody here waits for the state that follows.
    this.#breakers
      .get(breaker)
      ?.passed(verdict)
      ?.catch(() => undefined);
  }

  /** The rate of that name. @throws Error for one that nobody here has: a bug. */
  rate(name: string): TokenBucket {
    const rate = this.#rates.get(name);
    if (rate === undefined) throw new Error(`a thread asked for an unknown rate: ${name}`);
    return rate;
  }

  /** Another thread was asked to leave the host alone. */
  leaveAlone(host: string, ms: number): void {
    this.#limiters.get(host)?.leaveAlone(ms);
  }
}
