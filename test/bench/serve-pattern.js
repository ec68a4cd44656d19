import { Buffer } from 'node:buffer';
import { createCipheriv } from 'node:crypto';

/** Odd, so that no size of a chunk or part divides it: a piece that is out of place shows. */
const PERIOD_BYTES = 1024 ** 2 - 3;
/** The longest piece that is compared or sent at once. */
export const PIECE_BYTES = 256 * 1024;

const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16));
const period = noise.update(Buffer.alloc(PERIOD_BYTES));
const pattern = Buffer.concat([period, period.subarray(0, PIECE_BYTES)]);

/** Bytes of the one body that all objects here begin with, from `offset` on; a piece at most. */
export function pieceAt(offset, length) {
  const start = offset % PERIOD_BYTES;
  return pattern.subarray(start, start + Math.min(length, PIECE_BYTES));
}

/** Whether `length` bytes of `chunk` (a piece at most), from `from` on, are the body's at `offset`. */
export function isPieceAt(offset, chunk, from, length) {
  const start = offset % PERIOD_BYTES;
  return pattern.compare(chunk, from, from + length, start, start + length) === 0;
}

/** A whole body of that many bytes. */
export function bodyOf(bytes) {
  const pieces = [];
  for (let at = 0; at < bytes; at += PIECE_BYTES) pieces.push(pieceAt(at, bytes - at));
  return Buffer.concat(pieces);
}
