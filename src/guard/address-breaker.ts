import {
  circuitBreaker,
  type CircuitBreakerPolicy,
  CircuitState,
  handleWhen,
  type IBreaker,
} from 'cockatiel';
import type { OriginEvent } from '../model/event.ts';
import type { Clock } from '../model/ports.ts';
import type { BreakerSettings } from '../model/rule.ts';
import type { BreakerVerdict } from './breaker-verdict.ts';
import { FailureWindow } from './failure-window.ts';

/** Told of every change of an address' state, as the `origin` event shows it. */
export type OnBreakerState = (state: OriginEvent['state'], reason: string) => void;

/** One call that the breaker let through; told once how it went. */
export interface BreakerTicket {
  /** The address began to answer: status and headers are here, the body follows. */
  answered(): void;
  /** The state is up to date when it resolves, or at once where there is no promise; never throws. */
  done(verdict: BreakerVerdict, error?: unknown): Promise<void> | undefined;
}

/** Whether an address is asked, as whoever asks it sees it. */
export interface Breaker {
  /** Whether a call would pass now. */
  available(): boolean;
  /** When a call may pass, in milliseconds since the epoch. */
  retryAtMs(): number;
  /** Lets a call through, or returns undefined. */
  admit(): BreakerTicket | undefined;
}

/** Makes the breaker of an address. */
export type MakeBreaker = (
  settings: BreakerSettings,
  clock: Clock,
  onState: OnBreakerState,
) => Breaker;

/** How soon others look again while one call is trying the address. */
const TRYING_MS = 1000;

const FAILED = new Error('the call failed');
const NEUTRAL = new Error('the call says nothing of its address');

/**
 * Whether an address is asked at all.
 *
 * Closed: every call passes and counts in a sliding window. When enough of them failed it opens.
 * Open: no call passes for `openMs`. Then the next one does and makes it half-open.
 * Half-open: that one call is the probe and no other passes. It fails: open again, for another
 * `openMs`. It succeeds, or its body has been flowing for `openMs`: closed, with an empty window.
 * It ends without saying anything (aborted before an answer, asked to slow down): open again, but
 * the next call may try at once, or when Retry-After is over.
 *
 * The transitions are cockatiel's; its clock is the system's, so the time that it stays open is
 * kept here by the given clock, and cockatiel is told to never refuse for time. It hears of what may
 * change the state, that is of failures and of the call that tries the address; a success of a
 * closed breaker is only counted, which is all that cockatiel would do after several promises.
 */
export class AddressBreaker implements Breaker {
  readonly #openMs: number;
  readonly #clock: Clock;
  readonly #window: FailureWindow;
  readonly #policy: CircuitBreakerPolicy;
  readonly #onState: OnBreakerState;
  #openUntilMs = 0;
  /** Why the breaker opens or closes next, and for how long it stays open. */
  #next = { reason: '', openMs: 0 };
  #trying: { answeredAtMs: number | undefined; readonly close: () => void } | undefined;
  /** Of every call that the closed breaker lets through. */
  readonly #passing: BreakerTicket = {
    answered: () => undefined,
    done: (verdict) => this.passed(verdict),
  };

  constructor(settings: BreakerSettings, clock: Clock, onState: OnBreakerState) {
    this.#openMs = settings.openMs;
    this.#clock = clock;
    this.#window = new FailureWindow(settings, clock);
    this.#onState = onState;
    this.#policy = circuitBreaker(
      handleWhen((error) => error === FAILED || (error === NEUTRAL && this.#isTrying())),
      { breaker: this.#counter(), halfOpenAfter: Number.NEGATIVE_INFINITY },
    );
    this.#policy.onBreak(() => {
      this.#opened();
    });
    this.#policy.onReset(() => {
      this.#window.clear();
      this.#onState('closed', 'a request to it succeeded');
    });
    this.#policy.onHalfOpen(() => {
      this.#onState('half-open', 'one request is trying it');
    });
  }

  /** Whether a call would pass now. */
  available(): boolean {
    if (this.#policy.state === CircuitState.Closed) return true;
    if (!this.#isTrying()) return this.#clock.now() >= this.#openUntilMs;
    this.#closeWhenFlowing();
    return false;
  }

  /** When a call may pass, in milliseconds since the epoch. */
  retryAtMs(): number {
    if (this.#policy.state === CircuitState.Closed) return this.#clock.now();
    return this.#isTrying() ? this.#clock.now() + TRYING_MS : this.#openUntilMs;
  }

  /** Lets a call through, or returns undefined. */
  admit(): BreakerTicket | undefined {
    if (this.#policy.state === CircuitState.Closed) return this.#passing;
    return this.available() ? this.#try() : undefined;
  }

  /** Hears what came of a call that passed while it was closed, perhaps in another thread. */
  passed(verdict: BreakerVerdict): Promise<void> | undefined {
    if (verdict === 'success') this.#window.success();
    if (verdict !== 'failure') return undefined;
    if (this.#policy.state === CircuitState.Closed) return this.#run(Promise.reject(FAILED));
    // What began before it opened comes in late and must not disturb the call that tries it.
    this.#window.failure();
    return undefined;
  }

  /** Tells cockatiel of a call; resolves when it has drawn its conclusions. */
  async #run(call: Promise<void>): Promise<void> {
    await this.#policy.execute(() => call).catch(() => undefined);
  }

  /** Lets the call through that tries the address. */
  #try(): BreakerTicket {
    const { promise, succeed, fail } = openVerdict();
    const running = this.#run(promise);
    const trying = { answeredAtMs: undefined, close: succeed };
    this.#trying = trying;
    return {
      answered: () => {
        if (this.#trying === trying) this.#trying.answeredAtMs = this.#clock.now();
      },
      done: (verdict, error) => {
        const answered = this.#trying === trying && this.#trying.answeredAtMs !== undefined;
        if (verdict === 'success' || (verdict === 'neutral' && answered)) succeed();
        else {
          this.#next = this.#reopening(verdict, error);
          fail(verdict === 'failure' ? FAILED : NEUTRAL);
        }
        return running;
      },
    };
  }

  #isTrying(): boolean {
    return this.#policy.state === CircuitState.HalfOpen;
  }

  #counter(): IBreaker {
    return {
      state: undefined,
      success: () => {
        this.#window.success();
      },
      failure: () => {
        this.#window.failure();
        // What began before it opened comes in late and must not disturb the call that tries it.
        if (this.#policy.state !== CircuitState.Closed || !this.#window.tripped()) return false;
        this.#next = { reason: this.#window.describe(), openMs: this.#openMs };
        return true;
      },
    };
  }

  #opened(): void {
    this.#openUntilMs = this.#clock.now() + this.#next.openMs;
    this.#onState('open', this.#next.reason);
  }

  #reopening(verdict: BreakerVerdict, error: unknown): { reason: string; openMs: number } {
    if (verdict === 'failure') {
      const why = error instanceof Error ? `: ${error.message}` : '';
      return { reason: `the request that tried it failed${why}`, openMs: this.#openMs };
    }
    const askedMs = retryAfterMs(error) ?? 0;
    return {
      reason: 'the request that tried it ended without an answer to go by',
      openMs: Math.min(askedMs, this.#openMs),
    };
  }

  /** A large body may flow for hours; so long no other call must wait for its end. */
  #closeWhenFlowing(): void {
    const sinceMs = this.#trying?.answeredAtMs;
    if (sinceMs !== undefined && this.#clock.now() - sinceMs >= this.#openMs) {
      this.#trying?.close();
    }
  }
}

function openVerdict() {
  let succeed: () => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((resolve, reject) => {
    succeed = resolve;
    fail = reject;
  });
  return { promise, succeed, fail };
}

function retryAfterMs(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('retryAfterMs' in error)) return undefined;
  return typeof error.retryAfterMs === 'number' ? error.retryAfterMs : undefined;
}
