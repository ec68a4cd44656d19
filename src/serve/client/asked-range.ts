import type { AskedRange } from '../../model/byte-range.ts';

/** The only range unit there is for objects; letter case does not count (RFC 9110, 14.1). */
const BYTES = /^bytes=(.*)$/is;

/** One range: from a byte to a byte, from a byte to the end, or the last so many. */
const SPEC = /^(\d*)-(\d*)$/;

/**
 * What a Range header asks for. Undefined where the whole object is the answer: there is no header,
 * or one that is malformed, in another unit, or of several ranges (RFC 9110, 14.2). Numbers that no
 * object reaches stand as the largest safe integer.
 */
export function askedRange(header: string | undefined): AskedRange | undefined {
  if (header === undefined) return undefined;
  const set = BYTES.exec(header)?.[1] ?? '';
  // A list may have empty elements (RFC 9110, 5.6.1.2).
  const specs = set
    .split(',')
    .map((spec) => spec.trim())
    .filter((spec) => spec !== '');
  return specs.length === 1 ? oneRange(specs.join('')) : undefined;
}

function oneRange(spec: string): AskedRange | undefined {
  const [, first = '', last = ''] = SPEC.exec(spec) ?? [];
  if (first === '') return last === '' ? undefined : { suffix: bytes(last) };
  if (last === '') return { first: bytes(first) };
  return BigInt(last) < BigInt(first) ? undefined : { first: bytes(first), last: bytes(last) };
}

function bytes(digits: string): number {
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER);
}
