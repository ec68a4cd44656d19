import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';

/** Hashing this much takes about half a millisecond. */
export const SLICE_BYTES = 256 * 1024;

export type DigestAlgorithm = 'md5' | 'sha256';

/**
 * Hashes bytes that may be many by slices: between two of them other work gets its turn.
 * @returns the digests in the order of their algorithms
 */
export async function slicedDigests(
  algorithms: readonly DigestAlgorithm[],
  bytes: Uint8Array,
): Promise<readonly Buffer[]> {
  const hashes = algorithms.map((name) => createHash(name));
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
    if (at > 0) await setImmediate();
    const slice = bytes.subarray(at, at + SLICE_BYTES);
    for (const hash of hashes) hash.update(slice);
  }
  return hashes.map((hash) => hash.digest());
}
