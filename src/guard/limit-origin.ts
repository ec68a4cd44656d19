import type { Limiter } from './concurrency-limiter.ts';
import type { GuardedOrigin } from './guarded-origin.ts';

/**
 * Lets so many reads of an address run at once as its limiter has permits; a read holds its permit
 * until its reader is done. Probes take none: they are few, and must come through when all permits
 * hang on an address that answers nothing.
 */
export function limitOrigin(origin: GuardedOrigin, limiter: Limiter): GuardedOrigin {
  return {
    name: origin.name,
    available: () => origin.available(),
    retryAtMs: () => origin.retryAtMs(),
    async read(request, reader, signal) {
      signal.throwIfAborted();
      const release = limiter.tryAcquire() ?? (await limiter.acquire(signal));
      try {
        return await origin.read(request, reader, signal);
      } finally {
        release();
      }
    },
    async probe(signal) {
      await origin.probe(signal);
    },
    async close() {
      await origin.close();
    },
  };
}
