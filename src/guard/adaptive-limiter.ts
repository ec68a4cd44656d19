import type { Clock } from '../model/ports.ts';

/** One request to a host that is under way. */
export interface HostPermit {
  /** The host answered with something else than the wish to be left alone. */
  answered(): void;
  /**
   * The host asked to slow down.
   * @param retryAfterMs how long it wants to be left alone, where it says so
   */
  throttled(retryAfterMs: number | undefined): void;
  /** Gives it back; safe to call twice. */
  release(): void;
}

/** The first pause of a host that throttles even one request at a time; it doubles. */
const FLOOR_PAUSE_MS = 250;
/** Up to 8 s. */
const MOST_FLOOR_DOUBLINGS = 5;

/**
 * How many requests a host takes at once, found by asking: additive increase, multiplicative
 * decrease. One is made for each host and shared by everybody who talks to it, so what the host
 * says to one slows all of them.
 *
 * The level lies within 1 and the largest number that anybody asked for by `allow`, where it
 * starts. A throttled request halves what was really under way, and begins an epoch: requests of
 * earlier ones were sent before the host was given relief, so that what they say changes nothing.
 * A burst of throttles is thus one decrease. As many answers as the level is high raise it by one:
 * about one more each round trip.
 *
 * Retry-After pauses the host: nobody starts before it is over. A host that throttles a single
 * request and doesn't say for how long gets pauses that double, and grow shorter again with each
 * answer.
 */
export class AdaptiveLimiter {
  readonly #clock: Clock;
  readonly #onThrottled: ((pauseMs: number) => void) | undefined;
  #max = 1;
  #level = 1;
  #held = 0;
  #epoch = 0;
  #credit = 0;
  #floorHits = 0;
  #pausedUntilMs = 0;
  /** When the clock was last looked at: one that was set back takes the pause along. */
  #lookedAtMs = 0;
  readonly #queue = new Set<() => void>();
  #sleeper: AbortController | undefined;
  /** What its permits do to it. */
  readonly #host: Host = {
    answered: (epoch) => {
      if (epoch === this.#epoch) this.#raise();
    },
    throttled: (epoch, retryAfterMs) => {
      if (epoch === this.#epoch) this.#lower(retryAfterMs);
      else this.#pause(retryAfterMs ?? 0);
      this.#onThrottled?.(this.pausedForMs);
    },
    released: () => {
      this.#held -= 1;
      this.#pump();
    },
  };

  /** @param onThrottled told each time that the host asked to slow down, with what it is paused for */
  constructor(clock: Clock, onThrottled?: (pauseMs: number) => void) {
    this.#clock = clock;
    this.#onThrottled = onThrottled;
  }

  /** Another thread was asked to leave the host alone for so long. */
  leaveAlone(ms: number): void {
    this.#pause(ms);
  }

  /** Raises the most requests at once to `max`, if it is lower. */
  allow(max: number): void {
    if (max <= this.#max) return;
    const isAtMost = this.#level === this.#max;
    this.#max = max;
    if (isAtMost) this.#level = max;
    this.#pump();
  }

  /** Requests that may be under way at once now. */
  get level(): number {
    return this.#level;
  }

  /** Whether the host is to be left alone now. */
  get paused(): boolean {
    return this.pausedForMs > 0;
  }

  /** What is left of the pause; 0 where there is none. */
  get pausedForMs(): number {
    // Most hosts never want one: then nobody needs to look at the clock.
    if (this.#pausedUntilMs === 0) return 0;
    const now = this.#now();
    const leftMs = Math.max(0, this.#pausedUntilMs - now);
    if (leftMs === 0) this.#pausedUntilMs = 0;
    return leftMs;
  }

  #now(): number {
    const now = this.#clock.now();
    if (now < this.#lookedAtMs) this.#pausedUntilMs -= this.#lookedAtMs - now;
    this.#lookedAtMs = now;
    return now;
  }

  /** A permit where nobody has to wait for one now. */
  tryAcquire(): HostPermit | undefined {
    if (this.#queue.size > 0 || !this.#isOpen()) return undefined;
    this.#held += 1;
    return new Permit(this.#host, this.#epoch);
  }

  /**
   * Waits for its turn, first come, first served.
   * @throws the signal's reason when it aborts first.
   */
  async acquire(signal: AbortSignal): Promise<HostPermit> {
    signal.throwIfAborted();
    const free = this.tryAcquire();
    if (free !== undefined) return free;
    await this.#queued(signal);
    return new Permit(this.#host, this.#epoch);
  }

  #isOpen(): boolean {
    return this.#held < this.#level && !this.paused;
  }

  async #queued(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const take = (): void => {
        this.#queue.delete(take);
        signal.removeEventListener('abort', leave);
        this.#held += 1;
        resolve();
      };
      const leave = (): void => {
        this.#queue.delete(take);
        if (this.#queue.size === 0) this.#sleeper?.abort();
        reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      this.#queue.add(take);
      signal.addEventListener('abort', leave, { once: true });
      this.#wakeLater();
    });
  }

  #raise(): void {
    this.#floorHits = Math.max(0, this.#floorHits - 1);
    this.#credit += 1;
    if (this.#credit < this.#level) return;
    this.#credit = 0;
    this.#level = Math.min(this.#max, this.#level + 1);
    this.#pump();
  }

  #lower(retryAfterMs: number | undefined): void {
    const underWay = Math.min(this.#level, this.#held);
    this.#level = Math.max(1, Math.floor(underWay / 2));
    this.#epoch += 1;
    this.#credit = 0;
    if (retryAfterMs !== undefined || underWay > 1) {
      this.#pause(retryAfterMs ?? 0);
      return;
    }
    this.#pause(FLOOR_PAUSE_MS * 2 ** Math.min(this.#floorHits, MOST_FLOOR_DOUBLINGS));
    this.#floorHits = Math.min(this.#floorHits + 1, MOST_FLOOR_DOUBLINGS);
  }

  #pause(ms: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#now() + ms);
  }

  #pump(): void {
    for (const take of this.#queue) {
      if (!this.#isOpen()) break;
      take();
    }
    this.#wakeLater();
  }

  /** Somebody waits for the end of a pause: only then there is a timer. */
  #wakeLater(): void {
    if (this.#queue.size === 0 || this.#sleeper !== undefined || !this.paused) return;
    const sleeper = new AbortController();
    this.#sleeper = sleeper;
    const untilMs = this.#pausedUntilMs;
    const wake = (): void => {
      this.#sleeper = undefined;
      // The pause is over by the timer, even where the system's clock was set back meanwhile.
      if (!sleeper.signal.aborted && this.#pausedUntilMs === untilMs) this.#pausedUntilMs = 0;
      this.#pump();
    };
    this.#clock.sleep(untilMs - this.#now(), sleeper.signal).then(wake, wake);
  }
}

interface Host {
  readonly answered: (epoch: number) => void;
  /** @param epoch of the permit; undefined where it was told before what came of it */
  readonly throttled: (epoch: number | undefined, retryAfterMs: number | undefined) => void;
  readonly released: () => void;
}

class Permit implements HostPermit {
  readonly #host: Host;
  readonly #epoch: number;
  #told = false;
  #released = false;

  constructor(host: Host, epoch: number) {
    this.#host = host;
    this.#epoch = epoch;
  }

  answered(): void {
    if (this.#told) return;
    this.#told = true;
    this.#host.answered(this.#epoch);
  }

  throttled(retryAfterMs: number | undefined): void {
    this.#host.throttled(this.#told ? undefined : this.#epoch, retryAfterMs);
    this.#told = true;
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#host.released();
  }
}
