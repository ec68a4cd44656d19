import type { Clock } from '../model/ports.ts';
import type { Breaker, BreakerTicket } from './address-breaker.ts';
import type { BreakerVerdict } from './breaker-verdict.ts';

/** How soon a thread looks again at an address that it must not try by itself. */
const LOOK_AGAIN_MS = 1000;

/**
 * The breaker of an address, as a thread sees it that does not decide: another one has the breaker,
 * hears of every call, and says whether it is closed. While it is not, no call passes here; the one
 * that tries the address is made where the breaker is.
 */
export class LeasedBreaker implements Breaker {
  readonly #clock: Clock;
  readonly #passing: BreakerTicket;
  #isClosed = true;

  /** @param tell takes what came of a call */
  constructor(clock: Clock, tell: (verdict: BreakerVerdict) => void) {
    this.#clock = clock;
    this.#passing = {
      answered: () => undefined,
      done: (verdict) => {
        tell(verdict);
        return undefined;
      },
    };
  }

  /** What the breaker is now. */
  set(isClosed: boolean): void {
    this.#isClosed = isClosed;
  }

  available(): boolean {
    return this.#isClosed;
  }

  retryAtMs(): number {
    return this.#clock.now() + (this.#isClosed ? 0 : LOOK_AGAIN_MS);
  }

  admit(): BreakerTicket | undefined {
    return this.#isClosed ? this.#passing : undefined;
  }
}
