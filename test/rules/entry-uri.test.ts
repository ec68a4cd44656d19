import fc from 'fast-check';
import { expect, it } from 'vitest';

import { parseEntryUri } from '../../src/rules/entry-uri.ts';

it('K9 an EncodedEntryURI is URL-safe base64 of bucket and key, padding kept', () => {
  expect(parseEntryUri('bmV3ZG9jczpmaW5kLm1hbi50eHQ=')).toEqual({
    bucket: 'newdocs',
    key: 'find.man.txt',
  });
});

it('K9 a key may hold anything, colons too', () => {
  const key = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(key, fc.boolean(), (text, padded) => {
      const base64 = Buffer.from(`b:${text}`).toString('base64url');
      const padding = padded ? '='.repeat((4 - (base64.length % 4)) % 4) : '';
      expect(parseEntryUri(`${base64}${padding}`)).toEqual({ bucket: 'b', key: text });
    }),
  );
});

const encoded = (bytes: string | Uint8Array) => Buffer.from(bytes).toString('base64url');

it.each([
  ['nothing', ''],
  ['no base64', 'a b'],
  ['the alphabet that URLs cannot hold', 'bjovPz8/'],
  ['a cut text', 'bmV3Z'],
  ['no key', encoded('bucket')],
  ['an empty key', encoded('bucket:')],
  ['an empty bucket', encoded(':key')],
  ['no UTF-8', encoded(Uint8Array.of(98, 58, 0xff))],
  ['a key that is too long', encoded(`b:${'k'.repeat(1025)}`)],
])('%s is none', (_words, text) => {
  expect(parseEntryUri(text)).toBeUndefined();
});

it('every character of a bucket counts, a byte order mark too', () => {
  expect(parseEntryUri(encoded('\uFEFFb:k'))?.bucket).toBe('\uFEFFb');
});
