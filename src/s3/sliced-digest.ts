import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';

/** Hashing this much takes about half a millisecond. */
const SLICE_BYTES = 256 * 1024;

/** Hashes bytes that may be many by slices: between two of them other work gets its turn. */
export async function slicedDigest(
  algorithm: 'md5' | 'sha256',
  bytes: Uint8Array,
): Promise<Buffer> {
  const hash = createHash(algorithm);
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
    if (at > 0) await setImmediate();
    hash.update(bytes.subarray(at, at + SLICE_BYTES));
  }
  return hash.digest();
}
