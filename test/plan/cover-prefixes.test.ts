import { expect, test } from 'vitest';
import { coverPrefixes } from '../../src/plan/cover-prefixes.ts';

test.each([
  [[], []],
  [
    ['b/', 'a/'],
    ['a/', 'b/'],
  ],
  [
    ['a/', 'a/b/', 'ab'],
    ['a/', 'ab'],
  ],
  [
    ['a', 'a/', 'b'],
    ['a', 'b'],
  ],
  [['x/', '', 'y/'], ['']],
  [['a/', 'a/'], ['a/']],
  [
    ['\u{1f600}', '\uffee'],
    ['\uffee', '\u{1f600}'],
  ],
])('%j are covered by %j', (prefixes, cover) => {
  expect(coverPrefixes(prefixes)).toEqual(cover);
});
