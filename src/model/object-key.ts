import { Failure } from './failure.ts';

declare const objectKeyBrand: unique symbol;

/**
 * The name of an object in a bucket: well-formed Unicode of 1 to {@link MAX_KEY_BYTES} bytes in
 * UTF-8. Keys are opaque: nothing in this program normalises, trims, decodes or re-orders one.
 */
export type ObjectKey = string & { readonly [objectKeyBrand]: true };

/** S3 accepts keys of at most 1,024 bytes of UTF-8 (AWS S3 User Guide, "Object key names"). */
export const MAX_KEY_BYTES = 1024;

/** How many bytes `text` takes in UTF-8. */
export function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** Why `text` can't be an object key, in words that end a sentence; `undefined` when it can. */
export function keyProblem(text: string): string | undefined {
  if (text === '') return 'the key is empty';
  if (!text.isWellFormed()) return 'the key holds half of a surrogate pair, which UTF-8 cannot say';
  // One UTF-16 unit is at most three bytes, so most keys are cleared without being encoded.
  if (text.length * 3 <= MAX_KEY_BYTES) return undefined;
  const bytes = utf8Length(text);
  return bytes > MAX_KEY_BYTES
    ? `the key has ${String(bytes)} bytes, S3 accepts at most ${String(MAX_KEY_BYTES)}`
    : undefined;
}

/**
 * The one constructor of keys.
 * @throws Failure `KEY_INVALID` where {@link keyProblem} finds one.
 */
export function objectKey(text: string): ObjectKey {
  const problem = keyProblem(text);
  if (problem !== undefined) throw new Failure('KEY_INVALID', problem);
  return text as ObjectKey;
}

/** UTF-16 units from here to U+DFFF are halves of code points above U+FFFF. */
const FIRST_SURROGATE = 0xd800;
const LAST_SURROGATE = 0xdfff;

/**
 * Orders keys by their UTF-8 bytes, as listings do. Strings compare by UTF-16 units, which differs
 * where a surrogate meets a unit above U+DFFF.
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const one = a.charCodeAt(index);
    const other = b.charCodeAt(index);
    if (one !== other) return byteRank(one) - byteRank(other);
  }
  return a.length - b.length;
}

function byteRank(unit: number): number {
  const isSurrogate = unit >= FIRST_SURROGATE && unit <= LAST_SURROGATE;
  return isSurrogate ? unit + 0x10000 : unit;
}
