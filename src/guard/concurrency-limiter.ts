import { AbortWatch, type Abortable } from '../model/abort-watch.ts';
import { NOWHERE } from '../model/row.ts';

/** So many at once, and no more; first come, first served. */
export interface Limiter {
  /**
   * A permit where nobody has to wait for one now.
   * @returns what gives it back; safe to call twice.
   */
  tryAcquire(): (() => void) | undefined;
  /**
   * Waits for a permit.
   * @returns what gives it back; safe to call twice.
   * @throws the signal's reason when it aborts first.
   */
  acquire(signal: AbortSignal): Promise<() => void>;
}

interface Waiter extends Abortable {
  /** The permit is its. */
  take(): void;
}

/**
 * A limiter of `max` permits. One is made for each host by whoever composes the program and given
 * to everything that talks to that host.
 */
export function concurrencyLimiter(max: number): Limiter {
  let free = max;
  const queue = new Set<Waiter>();
  const aborts = new AbortWatch();

  /** Who is first in line gets a permit that was given back. */
  function pass(): void {
    if (queue.size === 0) {
      free += 1;
      return;
    }
    const [next] = queue;
    next?.take();
  }

  function permit(): () => void {
    let returned = false;
    return () => {
      if (returned) return;
      returned = true;
      pass();
    };
  }

  function tryAcquire(): (() => void) | undefined {
    if (free === 0) return undefined;
    free -= 1;
    return permit();
  }

  async function turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        queue.delete(waiter);
        aborts.delete(signal, waiter);
      };
      const waiter: Waiter = {
        place: NOWHERE,
        take: () => {
          leave();
          resolve();
        },
        abort: (reason) => {
          leave();
          reject(reason instanceof Error ? reason : new Error('aborted'));
        },
      };
      queue.add(waiter);
      aborts.add(signal, waiter);
    });
  }

  return {
    tryAcquire,
    async acquire(signal) {
      signal.throwIfAborted();
      const now = tryAcquire();
      if (now !== undefined) return now;
      await turn(signal);
      return permit();
    },
  };
}
