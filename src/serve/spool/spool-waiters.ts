interface Waiter {
  readonly bytes: number;
  readonly wake: () => void;
}

/** Somebody's wait for a body to come so far. */
export interface SpoolWait {
  readonly arrived: Promise<void>;
  /** Waits no longer; `arrived` stays open. */
  leave(): void;
}

/** Those who wait for a body, by how far it has to come; those who wait for more cost nothing. */
export class SpoolWaiters {
  /** Who wants most stands first, so the next to wake is the last one. */
  readonly #waiters: Waiter[] = [];

  /** Waits for the first `bytes` bytes. */
  wait(bytes: number): SpoolWait {
    let wake = (): void => undefined;
    const arrived = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const waiter = { bytes, wake };
    const before = this.#waiters.findLastIndex((other) => other.bytes >= bytes);
    this.#waiters.splice(before + 1, 0, waiter);
    const leave = (): void => {
      const index = this.#waiters.indexOf(waiter);
      if (index !== -1) this.#waiters.splice(index, 1);
    };
    return { arrived, leave };
  }

  /** The first `bytes` bytes are there. */
  arrive(bytes: number): void {
    for (;;) {
      const nearest = this.#waiters.at(-1);
      if (nearest === undefined || nearest.bytes > bytes) return;
      this.#waiters.pop();
      nearest.wake();
    }
  }
}
