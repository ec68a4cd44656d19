import fc from 'fast-check';

import { ODD_KEYS } from '../contract/odd-keys.ts';
import { MAX_KEY_BYTES, keyProblem } from '../../src/model/object-key.ts';

/** What tools of this kind decode, escape, normalise, trim or cut at. */
const PIECES: readonly string[] = [
  ...['a', 'b', 'A', '0', '/', '//', '.', '..', './', '../', '%', '%2F', '%252F', '%00', '%C3%A9'],
  ...['+', ' ', '?', '#', '&', '=', ';', ':', '@', '!', "'", '(', ')', '*', ',', '$', '[', ']'],
  ...['\\', '|', '"', '<', '>', '^', '`', '{', '}', '~', '-', '_', '\t', '\r', '\n', '\u0000'],
  ...['\u0001', '\u001f', '\u007f', '\u0080', '\u0085', '\u00a0', '\u2028', '\u2029', '\u200b'],
  ...['\u00e9', 'e\u0301', '\u212b', '\u00c5', 'A\u030a', '\ufb01', 'fi', '\uac00', '\u1100\u1161'],
  ...['\ufeff', '\ufffd', '\ufffe', '\uffff', '\ue000', '\u{10000}', '\u{1f5c4}', '\u{10ffff}'],
  ...['.bucketfill-bucket', '__proto__', 'index.html', '.gz', '~1', 'CON'],
];

const piecedKey = fc
  .array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 12 })
  .map((pieces) => pieces.join(''));

const anyCharacters = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 });

/** Keys of exactly the most bytes, whose last character takes one to four of them. */
const longestKey = fc
  .record({
    filler: fc.constantFrom('k', '\u00e9', '\u20ac', '\u{1f600}', 'd/', ' '),
    last: fc.constantFrom('k', '\u00e9', '\u20ac', '\u{1f600}', '/', '%'),
    start: fc.string({ unit: 'grapheme', maxLength: 20 }),
  })
  .map(({ filler, last, start }) => paddedKey(start, filler, last));

function paddedKey(start: string, filler: string, last: string): string {
  const room = MAX_KEY_BYTES - Buffer.byteLength(start) - Buffer.byteLength(last);
  const width = Buffer.byteLength(filler);
  return start + 'x'.repeat(room % width) + filler.repeat(Math.floor(room / width)) + last;
}

/** A key and its other Unicode form, where that is another key. */
const twins = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .map((text) => [text.normalize('NFC'), text.normalize('NFD'), text.toUpperCase()]);

/**
 * Distinct keys: all odd ones, and random ones of every kind, in no order. Every one of them is a
 * valid key, but not every one can stand in a plain list, or be had from an HTTP site.
 */
export const anyKeys: fc.Arbitrary<readonly string[]> = fc
  .tuple(
    fc.array(fc.oneof(piecedKey, anyCharacters, longestKey), { minLength: 40, maxLength: 60 }),
    fc.array(twins, { maxLength: 5 }),
  )
  .chain(([keys, pairs]) => {
    const distinct = new Set([...ODD_KEYS, ...keys, ...pairs.flat()]);
    const valid = [...distinct].filter((key) => keyProblem(key) === undefined);
    return fc.shuffledSubarray(valid, { minLength: valid.length });
  });

/** Whether a line of a plain list can say the key: its end belongs to the list. */
export function isListable(key: string): boolean {
  return !key.includes('\n') && !key.endsWith('\r');
}

/** Whether servers resolve a part of the key's path, so that an HTTP site can't be asked for it. */
export function hasDotSegments(key: string): boolean {
  return key.split('/').some((segment) => segment === '.' || segment === '..');
}

/** Whether the key holds a control character, which no text in a header of S3 may. */
export function hasControls(key: string): boolean {
  // eslint-disable-next-line no-control-regex -- controls are what it looks for
  return /[\u0000-\u0008\u000a-\u001f\u007f]/.test(key);
}
