import { createHash } from 'node:crypto';
import type { VerifyLevel } from '../model/event.ts';

/** Bytes of an element's hash, and of the sum. */
const BYTES = 256;
const WORD_BYTES = 4;
const WORDS = BYTES / WORD_BYTES;
const WORD = 2 ** 32;

/**
 * Words that were added up without a carry stay below 2^53, so exact, for so many elements; one bit
 * is left for the carry of the time before.
 */
const ADDITIONS_BETWEEN_CARRIES = 2 ** 20;

/**
 * A digest of a set of objects that does not depend on their order, so that who lists them in
 * another one, or in parts, comes to the same.
 *
 * Of each object the text `<sha256 hex, or -> <bytes, or -> <key>`, in UTF-8, is hashed by SHAKE256
 * to 256 bytes, which are read as a little-endian number; the numbers are added up modulo 2^2048.
 * Sums of so many bits withstand the generalised birthday attack (Wagner, CRYPTO 2002), which finds
 * other sets of the same sum where it has no more than the bits of one hash.
 */
export class SetDigest {
  readonly #sums = new Float64Array(WORDS);
  #additions = 0;
  #count = 0;

  /** Adds an object, which must not be there yet. */
  add(key: string, bytes: number | undefined, sha256: string | undefined): void {
    const hash = createHash('shake256', { outputLength: BYTES })
      .update(`${sha256 ?? '-'} ${bytes ?? '-'} ${key}`)
      .digest();
    const words = new DataView(hash.buffer, hash.byteOffset, BYTES);
    const sums = this.#sums;
    for (let index = 0; index < WORDS; index += 1) {
      sums[index] = (sums[index] ?? 0) + words.getUint32(index * WORD_BYTES, true);
    }
    this.#count += 1;
    this.#additions += 1;
    if (this.#additions === ADDITIONS_BETWEEN_CARRIES) this.#carry();
  }

  /** `bf1:<level>:<number of objects>:<SHA-256 of the sum, hex>`. */
  text(level: VerifyLevel): string {
    this.#carry();
    const sum = Buffer.alloc(BYTES);
    for (const [index, word] of this.#sums.entries()) sum.writeUInt32LE(word, index * WORD_BYTES);
    const hash = createHash('sha256').update(sum).digest('hex');
    return `bf1:${level}:${this.#count}:${hash}`;
  }

  #carry(): void {
    let carry = 0;
    for (const [index, word] of this.#sums.entries()) {
      const sum = word + carry;
      carry = Math.floor(sum / WORD);
      this.#sums[index] = sum - carry * WORD;
    }
    this.#additions = 0;
  }
}
