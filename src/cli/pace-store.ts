import type { HostPermit } from '../guard/adaptive-limiter.ts';
import { slowsHost } from '../guard/slows-host.ts';
import { originFailure } from '../s3/explain-s3-error.ts';
import type { S3Request, S3Response, S3Store } from '../s3/s3-store.ts';
import type { HostLimits } from './open-hosts.ts';

/**
 * A store that is asked no faster than its host likes and its limits allow: its calls take turns
 * with everything else that talks to the host, and the host's limiter hears what came of them.
 */
export function paceStore(
  store: Pick<S3Store, 'name' | 'send'>,
  { limiter, pace }: HostLimits,
): Pick<S3Store, 'send'> {
  async function paid<T>(
    permit: HostPermit,
    request: S3Request,
    reader: (response: S3Response) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    for (const bucket of pace.requests) await bucket.take(1, signal);
    const take = (response: S3Response): Promise<T> => {
      permit.answered();
      // What the store was asked again without a turn is paid for by whoever comes next.
      for (const bucket of pace.requests) bucket.charge(response.attempts - 1);
      return reader(response);
    };
    try {
      return await store.send(request, take, signal);
    } catch (error) {
      const failure = originFailure(error, { bucket: store.name, doing: 'list objects' });
      if (slowsHost(failure)) permit.throttled(shortPause(failure.retryAfterMs, pace.maxPauseMs));
      throw error;
    }
  }
  return {
    send: async (request, reader, signal) => {
      const release = await limiter.acquire(signal);
      try {
        const permit = await pace.host.acquire(signal);
        try {
          return await paid(permit, request, reader, signal);
        } finally {
          permit.release();
        }
      } finally {
        release();
      }
    },
  };
}

function shortPause(retryAfterMs: number | undefined, maxPauseMs: number): number | undefined {
  return retryAfterMs === undefined ? undefined : Math.min(retryAfterMs, maxPauseMs);
}
