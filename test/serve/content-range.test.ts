import { type AskedRange, partOf } from '../../src/model/byte-range.ts';
import { expect, test } from 'vitest';

import { contentRange, isOfRange } from '../../src/serve/client/content-range.ts';

const MOST = Number.MAX_SAFE_INTEGER;

test.each<[AskedRange, number, object | 'none']>([
  [{ first: 0, last: 0 }, 10, { first: 0, last: 0 }],
  [{ first: 9, last: 9 }, 10, { first: 9, last: 9 }],
  [{ first: 0, last: 9 }, 10, { first: 0, last: 9 }],
  [{ first: 0 }, 10, { first: 0, last: 9 }],
  [{ first: 4 }, 10, { first: 4, last: 9 }],
  [{ first: 4, last: 99 }, 10, { first: 4, last: 9 }],
  [{ first: 4, last: MOST }, 10, { first: 4, last: 9 }],
  [{ first: 10 }, 10, 'none'],
  [{ first: 10, last: 11 }, 10, 'none'],
  [{ first: MOST }, 10, 'none'],
  [{ suffix: 1 }, 10, { first: 9, last: 9 }],
  [{ suffix: 10 }, 10, { first: 0, last: 9 }],
  [{ suffix: 11 }, 10, { first: 0, last: 9 }],
  [{ suffix: MOST }, 10, { first: 0, last: 9 }],
  [{ suffix: 0 }, 10, 'none'],
  [{ first: 0 }, 0, 'none'],
  [{ first: 0, last: 0 }, 0, 'none'],
  [{ suffix: 5 }, 0, 'none'],
])('%j of %i bytes is %j', (asked, size, part) => {
  expect(partOf(asked, size)).toEqual(part);
});

test('no range is the whole object, an empty one too', () => {
  expect(partOf(undefined, 10)).toBeUndefined();
  expect(partOf(undefined, 0)).toBeUndefined();
});

test('Content-Range tells the part, or, of none, only the size', () => {
  expect(contentRange({ first: 2, last: 5 }, 10)).toBe('bytes 2-5/10');
  expect(contentRange('none', 10)).toBe('bytes */10');
});

test.each<[AskedRange, string | undefined, boolean]>([
  [{ first: 2, last: 5 }, 'bytes 2-5/10', true],
  [{ first: 2, last: 5 }, 'bytes 2-4/10', true],
  [{ first: 2, last: 5 }, 'bytes 2-6/10', false],
  [{ first: 2, last: 5 }, 'bytes 1-5/10', false],
  [{ first: 2, last: 5 }, 'bytes 3-5/10', false],
  [{ first: 2, last: 50 }, 'bytes 2-9/10', true],
  [{ first: 2 }, 'bytes 2-9/10', true],
  [{ first: 2 }, 'bytes 2-9/*', true],
  [{ first: 2, last: 5 }, 'bytes 2-6/*', false],
  [{ first: 12 }, 'bytes 2-9/10', false],
  [{ suffix: 3 }, 'bytes 7-9/10', true],
  [{ suffix: 30 }, 'bytes 0-9/10', true],
  [{ suffix: 30 }, 'bytes 1-2/10', false],
  [{ suffix: 3 }, 'bytes 7-9/*', false],
  [{ first: 2 }, undefined, false],
  [{ first: 2 }, 'bytes */10', false],
])('%j is answered by %s: %s', (asked, header, is) => {
  expect(isOfRange(asked, header)).toBe(is);
});
