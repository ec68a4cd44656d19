import { createHash } from 'node:crypto';

/** Bytes of a hash that decide; a number has room for no more than six. */
const DECIDING_BYTES = 6;
const NUMBERS = 2 ** (8 * DECIDING_BYTES);

/**
 * Whether a key belongs to a sample: by the SHA-256 of the seed, a NUL and the key alone, so that
 * every run and both sides come to the same.
 * @param share in (0, 1]
 */
export function sampleKeys(share: number, seed: string): (key: string) => boolean {
  if (share >= 1) return () => true;
  return (key) => {
    const hash = createHash('sha256').update(`${seed}\0${key}`).digest();
    return hash.readUIntBE(0, DECIDING_BYTES) / NUMBERS < share;
  };
}
