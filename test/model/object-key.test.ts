import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compareKeys,
  keyProblem,
  MAX_KEY_BYTES,
  objectKey,
  utf8Length,
} from '../../src/model/object-key.ts';

describe('what is a key', () => {
  test.each([
    'a',
    'a//b',
    '/',
    '..',
    'a\nb',
    '\u0000',
    'caf\u00e9',
    'cafe\u0301',
    'k'.repeat(MAX_KEY_BYTES),
    '\u{1F600}'.repeat(MAX_KEY_BYTES / 4),
  ])('%j is one, exactly as it is', (text) => {
    expect(keyProblem(text)).toBeUndefined();
    expect(objectKey(text)).toBe(text);
  });

  test.each([
    ['', 'empty'],
    ['k'.repeat(MAX_KEY_BYTES + 1), '1025 bytes'],
    [`${'\u{1F600}'.repeat(MAX_KEY_BYTES / 4)}x`, '1025 bytes'],
    ['\u00e9'.repeat(513), '1026 bytes'],
    ['a\ud800b', 'surrogate'],
  ])('%j is none', (text, reason) => {
    expect(keyProblem(text)).toContain(reason);
    expect(() => objectKey(text)).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }));
  });
});

test('length is counted in UTF-8', () => {
  expect(['a', '\u00e9', '\u20ac', '\u{1F600}'].map(utf8Length)).toEqual([1, 2, 3, 4]);
  const odd = fc.constantFrom('a', '\u007f', '\u0080', '\u07ff', '\u0800', '\ud800', '\udfff');
  fc.assert(
    fc.property(fc.string({ unit: odd }), (text) => {
      expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
    }),
  );
});

test('keys compare as their UTF-8 bytes do', () => {
  const odd = fc.constantFrom('a', 'b', '\u00e9', '\ue000', '\uffff', '\u{1F600}', '\u{10FFFF}');
  const key = fc.oneof(fc.string({ unit: odd, maxLength: 5 }), fc.string({ unit: 'binary' }));
  fc.assert(
    fc.property(key, key, (a, b) => {
      const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b));
      expect(Math.sign(compareKeys(a, b))).toBe(bytes);
    }),
  );
});
