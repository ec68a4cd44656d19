import { Failure } from '../model/failure.ts';
import type { Origin } from '../model/origin.ts';

/** What each of several addresses said, none of which is alive. */
export interface NoneAlive {
  readonly alive: false;
  readonly reasons: readonly AddressReason[];
}

export interface AddressReason {
  readonly origin: string;
  readonly failure: Failure;
}

/**
 * Probes addresses at once and resolves with the first that is alive, or with every reason when
 * none is. The probes that nobody needs any more are aborted.
 * @throws what a probe throws that isn't a Failure, where no address is alive.
 */
export async function firstAlive(
  addresses: readonly Origin[],
  signal: AbortSignal,
): Promise<{ readonly alive: true } | NoneAlive> {
  const enough = new AbortController();
  const combined = AbortSignal.any([signal, enough.signal]);
  try {
    return await Promise.any(
      addresses.map(async (address) => {
        await address.probe(combined);
        return { alive: true } as const;
      }),
    );
  } catch (error) {
    signal.throwIfAborted();
    const errors: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
    return { alive: false, reasons: errors.map((each, at) => reason(addresses[at], each)) };
  } finally {
    enough.abort(new Error('another address is alive'));
  }
}

function reason(address: Origin | undefined, error: unknown): AddressReason {
  if (!(error instanceof Failure)) throw error;
  return { origin: address?.name ?? '?', failure: error };
}

/** `https://a/: connection refused; https://b/: no answer within 10 s` */
export function describeReasons(reasons: readonly AddressReason[]): string {
  return reasons
    .map(({ origin, failure }) =>
      failure.message.includes(origin) ? failure.message : `${origin}: ${failure.message}`,
    )
    .join('; ');
}
