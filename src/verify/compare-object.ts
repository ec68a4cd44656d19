import { Failure, FatalError, Interrupted } from '../model/failure.ts';
import { compareBodies } from './compare-bodies.ts';
import { compareListed } from './compare-listed.ts';
import { compareSize, compareVersion } from './compare-metadata.ts';
import type { Comparison, Pair } from './comparison.ts';
import type { Verdict } from './verdict.ts';

/**
 * Compares a key that both sides have, as far as listings don't tell. What can't be found out is
 * the outcome `unverifiable`.
 * @throws FatalError; Interrupted, or the signal's reason, where the run is to stop.
 */
export async function compareObject(
  comparison: Comparison,
  pair: Pair,
  signal: AbortSignal,
): Promise<Verdict> {
  return unlessUnknown(signal, () => {
    if (comparison.level === 'full') return compareBodies(comparison, pair, signal);
    return comparison.level === 'etag'
      ? compareVersion(comparison, pair, signal)
      : compareSize(comparison, pair, signal);
  });
}

/**
 * Compares a key that the bucket was not asked for yet.
 * @throws as {@link compareObject}.
 */
export async function compareUnasked(
  comparison: Comparison,
  pair: Omit<Pair, 'listed'>,
  signal: AbortSignal,
): Promise<Verdict> {
  return unlessUnknown(signal, async () => {
    const listed = await comparison.bucket.head(pair.expected.key, signal);
    if (listed === undefined) return { outcome: 'missing' };
    const verdict = compareListed(comparison.level, pair.expected, listed);
    return verdict ?? (await compareObject(comparison, { ...pair, listed }, signal));
  });
}

async function unlessUnknown(
  signal: AbortSignal,
  compare: () => Promise<Verdict>,
): Promise<Verdict> {
  try {
    return await compare();
  } catch (error) {
    if (error instanceof FatalError || error instanceof Interrupted) throw error;
    signal.throwIfAborted();
    return unknown(error);
  }
}

function unknown(error: unknown): Verdict {
  if (error instanceof Failure) {
    const { code, status, message } = error;
    return { outcome: 'unverifiable', code, ...(status === undefined ? {} : { status }), message };
  }
  const message = `a bug of bucketfill, please report it: ${String(error)}`;
  return { outcome: 'unverifiable', code: 'INTERNAL', message };
}
