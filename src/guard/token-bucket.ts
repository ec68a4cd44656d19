import type { Clock } from '../model/ports.ts';

/** Idle time is made good for up to this: a later burst is no larger than its share of a second. */
const BURST_SECONDS = 0.2;

/** Node's timers hold 31 bits of milliseconds. */
const MOST_SLEEP_MS = 2 ** 31 - 1;

/** A rate, as whoever is held to it sees it. */
export interface Tokens {
  /** Takes tokens: at once, then there is no promise, or when it is their turn. */
  take(tokens: number, signal: AbortSignal): Promise<void> | undefined;
  /** Notes tokens that were used already: who comes next waits for them. */
  charge(tokens: number): void;
}

interface Waiter {
  readonly tokens: number;
  readonly go: () => void;
}

/**
 * A rate that holds: so many tokens (requests, bytes) a second, first come, first served.
 *
 * Tokens are there before they are used. Whoever is first in line lets the bucket fill beyond its
 * size if it wants more than that, so a chunk larger than the bucket gets through, in its own time.
 * In any stretch of time no more passes than the rate allows, one burst, and one chunk.
 */
export class TokenBucket implements Tokens {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #clock: Clock;
  readonly #queue = new Set<Waiter>();
  #tokens: number;
  #countedAtMs: number;
  #paying: AbortController | undefined;

  /**
   * @param perSecond more than 0
   * @param least the smallest bucket: 1 where a token can't be divided
   */
  constructor(perSecond: number, least: number, clock: Clock) {
    this.#perSecond = perSecond;
    this.#burst = Math.max(least, perSecond * BURST_SECONDS);
    this.#clock = clock;
    this.#tokens = this.#burst;
    this.#countedAtMs = clock.now();
  }

  /**
   * Takes tokens: at once, then there is no promise, or when it is their turn.
   * @throws the signal's reason when it aborts first; the tokens are not used then.
   */
  take(tokens: number, signal: AbortSignal): Promise<void> | undefined {
    this.#count();
    if (this.#queue.size > 0 || this.#tokens < tokens) return this.#queued(tokens, signal);
    this.#tokens -= tokens;
    return undefined;
  }

  /** Notes tokens that were used already: who comes next waits for them. */
  charge(tokens: number): void {
    this.#count();
    this.#tokens -= tokens;
  }

  async #queued(tokens: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        tokens,
        go: () => {
          this.#queue.delete(waiter);
          signal.removeEventListener('abort', leave);
          resolve();
        },
      };
      const leave = (): void => {
        const [first] = this.#queue;
        this.#queue.delete(waiter);
        if (first === waiter) this.#paying?.abort();
        reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      this.#queue.add(waiter);
      signal.addEventListener('abort', leave, { once: true });
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#paying !== undefined) return;
    this.#count();
    for (const first of this.#queue) {
      const missing = first.tokens - this.#tokens;
      if (missing > 0) {
        this.#payLater(missing);
        return;
      }
      this.#tokens -= first.tokens;
      first.go();
    }
  }

  /** Waits until the first in line is paid for. */
  #payLater(missing: number): void {
    const paying = new AbortController();
    this.#paying = paying;
    const paid = (): void => {
      this.#paying = undefined;
      this.#pump();
    };
    const ms = Math.min(MOST_SLEEP_MS, Math.ceil((missing / this.#perSecond) * 1000));
    this.#clock.sleep(ms, paying.signal).then(paid, paid);
  }

  /** Adds what time has brought. */
  #count(): void {
    const now = this.#clock.now();
    const seconds = Math.max(0, now - this.#countedAtMs) / 1000;
    this.#countedAtMs = now;
    const [first] = this.#queue;
    // The first in line saves up for as much as it needs.
    const most = Math.max(this.#burst, first?.tokens ?? 0);
    this.#tokens = Math.min(most, this.#tokens + seconds * this.#perSecond);
  }
}
