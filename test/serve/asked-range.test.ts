import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { askedRange } from '../../src/serve/client/asked-range.ts';
import { partOf } from '../../src/model/byte-range.ts';
import { contentRange } from '../../src/serve/client/content-range.ts';

const MOST = Number.MAX_SAFE_INTEGER;

describe('a Range header asks for', () => {
  test.each([
    ['bytes=0-0', { first: 0, last: 0 }],
    ['bytes=0-499', { first: 0, last: 499 }],
    ['bytes=007-08', { first: 7, last: 8 }],
    ['bytes=5-', { first: 5 }],
    ['bytes=-5', { suffix: 5 }],
    ['bytes=-0', { suffix: 0 }],
    ['BYTES=1-2', { first: 1, last: 2 }],
    ['bytes= 1-2 ', { first: 1, last: 2 }],
    ['bytes=,\t1-2, ,', { first: 1, last: 2 }],
    ['bytes=9007199254740993-', { first: MOST }],
    ['bytes=0-9007199254740993', { first: 0, last: MOST }],
    [`bytes=0-${'9'.repeat(400)}`, { first: 0, last: MOST }],
    [`bytes=-${'9'.repeat(400)}`, { suffix: MOST }],
    ['bytes=9007199254740993-9007199254740995', { first: MOST, last: MOST }],
  ])('a part: %s', (header, asked) => {
    expect(askedRange(header)).toEqual(asked);
  });

  test.each([
    ...['', 'bytes', 'bytes=', 'bytes=,', 'bytes=-', 'bytes=a-b', 'bytes=1', 'bytes=1-2-3'],
    ...['bytes=+1-2', 'bytes=--5', 'bytes=1 - 2', 'bytes=1.5-2', 'bytes=0x1-2', 'bytes=1-2;q=1'],
    ...['bytes=2-1', 'bytes=9007199254740993-9007199254740992', 'bytes =0-1', 'bytes:0-1'],
    ...[
      'items=0-1',
      'seconds=1-2',
      'xbytes=0-1',
      'bytes=0-1, 4-5',
      'bytes=0-0,-1',
      'bytes=0,-1',
      'bytes=0-1,x',
    ],
    ...['bytes=0-1, bytes=2-3', '0-1', 'bytes=1-2\n'.repeat(2)],
  ])(
    'the whole object where it is malformed, of another unit, or of several ranges: %j',
    (header) => {
      expect(askedRange(header)).toBeUndefined();
    },
  );

  test('the whole object where there is none', () => {
    expect(askedRange(undefined)).toBeUndefined();
  });

  test('something at once, whatever its length', () => {
    const long = ' '.repeat(50_000);
    expect(askedRange(`bytes=1-2${long}x`)).toBeUndefined();
    expect(askedRange(`bytes=${'9'.repeat(50_000)}-${'9'.repeat(50_000)}`)).toBeDefined();
  });
});

test('what a header asks for is, for every range and size, what the same slice of the bytes is', () => {
  const number = fc.nat({ max: 12 });
  fc.assert(
    fc.property(
      number,
      number,
      number,
      fc.constantFrom('closed', 'open', 'suffix'),
      (a, b, size, kind) => {
        const bytes = Array.from({ length: size }, (_, index) => index);
        const [first, last] = [Math.min(a, b), Math.max(a, b)];
        const { header, slice } = {
          closed: { header: `bytes=${first}-${last}`, slice: bytes.slice(first, last + 1) },
          open: { header: `bytes=${first}-`, slice: bytes.slice(first) },
          suffix: { header: `bytes=-${first}`, slice: first === 0 ? [] : bytes.slice(-first) },
        }[kind];
        const part = partOf(askedRange(header), size);
        const got =
          part === 'none' || part === undefined ? [] : bytes.slice(part.first, part.last + 1);
        expect(got).toEqual(slice);
        expect(part === 'none').toBe(slice.length === 0);
        if (part === 'none' || part === undefined) return;
        expect(contentRange(part, size)).toBe(`bytes ${slice.at(0)}-${slice.at(-1)}/${size}`);
      },
    ),
  );
});
