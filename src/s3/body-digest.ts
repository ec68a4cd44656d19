import { hash } from 'node:crypto';

import { type DigestAlgorithm, SLICE_BYTES, slicedDigests } from './sliced-digests.ts';

/** Up to this many bytes are hashed at one go: there would be but one slice. */
const ONE_GO_BYTES = SLICE_BYTES;

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
