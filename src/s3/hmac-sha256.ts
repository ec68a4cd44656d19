import { hash } from 'node:crypto';

/** Bytes that SHA-256 takes in at once. */
const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;

/** RFC 2104's ipad and opad. */
const INNER = 0x36;
const OUTER = 0x5c;

/** @returns the HMAC-SHA-256 of an ASCII text, as hex digits. */
export type HmacOfText = (text: string) => string;

/**
 * HMAC-SHA-256 (RFC 2104) under a key that is used for many short texts: two hashes at one go each
 * take half the time of a `createHmac`, whose objects cost more than their hashing.
 * @param key at most one block: 64 bytes
 */
export function hmacSha256(key: Uint8Array): HmacOfText {
  if (key.length > BLOCK_BYTES)
    throw new Error(`the key has ${key.length} bytes, expected at most 64`);
  const outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES);
  outer.fill(OUTER, 0, BLOCK_BYTES);
  let inner = Buffer.alloc(BLOCK_BYTES * 8);
  inner.fill(INNER, 0, BLOCK_BYTES);
  for (let at = 0; at < key.length; at += 1) {
    const byte = key[at] ?? 0;
    outer[at] = byte ^ OUTER;
    inner[at] = byte ^ INNER;
  }
  return (text) => {
    const end = BLOCK_BYTES + text.length;
    if (end > inner.length) inner = Buffer.concat([inner.subarray(0, BLOCK_BYTES)], end * 2);
    inner.write(text, BLOCK_BYTES, 'latin1');
    outer.write(hash('sha256', inner.subarray(0, end), 'hex'), BLOCK_BYTES, 'hex');
    return hash('sha256', outer, 'hex');
  };
}
