import { Failure } from '../model/failure.ts';

/** What became of one object at the addresses of a rule. */
export interface AskedAddresses {
  /** One failure for each address that was asked, in their order; not empty. */
  readonly failures: readonly Failure[];
  /** Addresses passed over because they are taken for down. */
  readonly skipped: readonly string[];
}

/**
 * The failure that stands for an object which no address gave: the last one that is not a "not
 * found", with the answer that it brings along. Not found is what stands only where every address
 * said so, so an address that was passed over, and might have the object, prevents it too.
 */
export function concludeFailure({ failures, skipped }: AskedAddresses): Failure {
  const others = failures.filter(({ code }) => code !== 'ORIGIN_NOT_FOUND');
  const last = others.at(-1);
  if (last !== undefined) return naming(last, failures);
  const [down] = skipped;
  const notFound = failures.at(-1);
  if (down !== undefined) {
    return new Failure(
      'ORIGIN_UNREACHABLE',
      `${skipped.join(' and ')} could not be asked, being taken for down, and no other address has the object`,
      { origin: down, cause: notFound },
    );
  }
  return notFound === undefined
    ? new Failure('INTERNAL', 'no address was asked for the object')
    : naming(notFound, failures);
}

function naming(failure: Failure, failures: readonly Failure[]): Failure {
  if (failures.length < 2) return failure;
  const names = failures.map(({ origin }) => origin ?? 'an address').join(', ');
  const { code, status, origin, retryAfterMs, location, answer, requestId } = failure;
  return new Failure(code, `${failure.message} (asked ${failures.length} addresses: ${names})`, {
    status,
    origin,
    retryAfterMs,
    location,
    answer,
    requestId,
    cause: failure,
  });
}
