/** So many at once, and no more; first come, first served. */
export interface Limiter {
  /**
   * Waits for a permit.
   * @returns what gives it back; safe to call twice.
   * @throws the signal's reason when it aborts first.
   */
  acquire(signal: AbortSignal): Promise<() => void>;
}

/**
 * A limiter of `max` permits. One is made for each host by whoever composes the program and given
 * to everything that talks to that host.
 */
export function concurrencyLimiter(max: number): Limiter {
  let free = max;
  const queue = new Set<() => void>();

  function permit(): () => void {
    let returned = false;
    return () => {
      if (returned) return;
      returned = true;
      const [next] = queue;
      if (next === undefined) free += 1;
      else next();
    };
  }

  return {
    async acquire(signal) {
      signal.throwIfAborted();
      if (free > 0) {
        free -= 1;
        return permit();
      }
      await new Promise<void>((resolve, reject) => {
        const take = () => {
          queue.delete(take);
          signal.removeEventListener('abort', leave);
          resolve();
        };
        const leave = () => {
          queue.delete(take);
          reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
        };
        queue.add(take);
        signal.addEventListener('abort', leave, { once: true });
      });
      return permit();
    },
  };
}
