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
    // No async function where a permit is free: every object takes this way.
    read(request, reader, signal) {
      const release = signal.aborted ? undefined : limiter.tryAcquire();
      if (release !== undefined) return releasing(release, origin.read(request, reader, signal));
      return waitingFor(limiter, signal).then((later) =>
        releasing(later, origin.read(request, reader, signal)),
      );
    },
    async probe(signal) {
      await origin.probe(signal);
    },
    async close() {
      await origin.close();
    },
  };
}

async function waitingFor(limiter: Limiter, signal: AbortSignal): Promise<() => void> {
  signal.throwIfAborted();
  return limiter.acquire(signal);
}

function releasing<T>(release: () => void, reading: Promise<T>): Promise<T> {
  return reading.then(
    (value) => {
      release();
      return value;
    },
    (error: unknown) => {
      release();
      throw error;
    },
  );
}
