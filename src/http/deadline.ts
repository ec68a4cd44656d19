/** Told when a deadline has passed. */
export interface Overdue {
  onDeadline(): void;
}

/** Timers count whole milliseconds, and from when the loop last looked at the clock. */
const TIMER_GRAIN_MS = 1;

/**
 * One deadline at a time, which is moved with each answer and hardly ever met. Moving it costs a
 * look at the clock: the timer beneath stays where it is and, when it fires too early, is set
 * again for what is left. It keeps no process alive; the connection that is waited for does.
 */
export class Deadline {
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires. */
  #firesAtMs = 0;
  #dueAtMs = 0;
  #overdue: Overdue | undefined;

  /** Tells `overdue` in `ms`, unless it is set again or cleared before. */
  set(ms: number, overdue: Overdue): void {
    const dueAtMs = performance.now() + ms;
    this.#dueAtMs = dueAtMs;
    this.#overdue = overdue;
    if (this.#timer !== undefined && this.#firesAtMs <= dueAtMs) return;
    clearTimeout(this.#timer);
    this.#arm(ms);
  }

  /** Takes back what `overdue` set; what somebody else set stays. */
  clear(overdue: Overdue): void {
    if (this.#overdue === overdue) this.#overdue = undefined;
  }

  /** Lets go of the timer as well. */
  end(): void {
    this.#overdue = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(ms: number): void {
    this.#firesAtMs = performance.now() + ms;
    this.#timer = setTimeout(() => {
      this.#fire();
    }, ms);
    this.#timer.unref();
  }

  #fire(): void {
    this.#timer = undefined;
    const overdue = this.#overdue;
    if (overdue === undefined) return;
    const leftMs = this.#dueAtMs - performance.now();
    if (leftMs > TIMER_GRAIN_MS) {
      this.#arm(Math.ceil(leftMs));
      return;
    }
    this.#overdue = undefined;
    overdue.onDeadline();
  }
}
