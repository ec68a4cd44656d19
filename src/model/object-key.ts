import { Failure } from './failure.ts';

declare const objectKeyBrand: unique symbol;

/**
 * The name of an object in a bucket: well-formed Unicode of 1 to {@link MAX_KEY_BYTES} bytes in
 * UTF-8. Keys are opaque: nothing in this program normalises, trims, decodes or re-orders one.
 */
export type ObjectKey = string & { readonly [objectKeyBrand]: true };

/** S3 accepts keys of at most 1,024 bytes of UTF-8 (AWS S3 User Guide, "Object key names"). */
export const MAX_KEY_BYTES = 1024;

/** UTF-16 units from here to U+DFFF are halves of code points above U+FFFF. */
const FIRST_SURROGATE = 0xd800;
const FIRST_LOW_SURROGATE = 0xdc00;
const LAST_SURROGATE = 0xdfff;

/** How many bytes `text` takes in UTF-8; half of a surrogate pair counts as U+FFFD. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    if (!isHigh(unit) || !isLow(text.charCodeAt(at + 1))) continue;
    // A pair is two units and four bytes; two of them are counted above.
    at += 1;
  }
  return bytes;
}

function isHigh(unit: number): boolean {
  return unit >= FIRST_SURROGATE && unit < FIRST_LOW_SURROGATE;
}

/** False for NaN, which is the unit behind a text's end. */
function isLow(unit: number): boolean {
  return unit >= FIRST_LOW_SURROGATE && unit <= LAST_SURROGATE;
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
 * The constructor of keys from texts that are some.
 * @throws Failure `KEY_INVALID` where {@link keyProblem} finds one.
 */
export function objectKey(text: string): ObjectKey {
  const problem = keyProblem(text);
  if (problem !== undefined) throw new Failure('KEY_INVALID', problem);
  return text as ObjectKey;
}

/** The key that a text is, for texts of which there are many; undefined where it is none. */
export function keyIfAny(text: string): ObjectKey | undefined {
  return keyProblem(text) === undefined ? (text as ObjectKey) : undefined;
}

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
