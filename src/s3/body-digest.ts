import { hash } from 'node:crypto';

import { type DigestAlgorithm, slicedDigests } from './sliced-digests.ts';

/** Up to this many bytes are hashed at one go, which takes about half a millisecond at most. */
export const ONE_GO_BYTES = 256 * 1024;

/**
 * The digest of a whole body, as hex digits: at once where it is small, else by slices, so that
 * other work gets its turn.
 */
export function bodyDigest(
  algorithm: DigestAlgorithm,
  bytes: Uint8Array,
): string | Promise<string> {
  if (bytes.length <= ONE_GO_BYTES) return hash(algorithm, bytes, 'hex');
  return slicedDigests([algorithm], bytes).then(([digest]) => digest?.toString('hex') ?? '');
}
