import { expect, test } from 'vitest';
import { compileGlob } from '../../src/plan/compile-glob.ts';
import { objectKey } from '../../src/model/object-key.ts';
import { keyFilter } from '../../src/plan/key-filter.ts';

function patterns(globs: readonly string[]): RegExp[] {
  return globs.flatMap((glob) => {
    const made = compileGlob(glob);
    return 'pattern' in made ? [made.pattern] : [];
  });
}

const NONE: readonly string[] = [];

test.each([
  ['', NONE, NONE, ['a', 'b/c', '/']],
  ['b/', NONE, NONE, ['b/c']],
  ['', ['a', '*/c'], NONE, ['a', 'b/c']],
  ['', NONE, ['a', '/'], ['b/c']],
  ['b', ['**'], ['**/c'], []],
  ['', ['a'], ['a'], []],
])('prefix %j, include %j, exclude %j', (prefix, include, exclude, expected) => {
  const filter = keyFilter(prefix, patterns(include), patterns(exclude));
  expect(['a', 'b/c', '/'].map(objectKey).filter((key) => filter.keeps(key))).toEqual(expected);
  // The same key once more: nothing is remembered between two looks.
  expect(['a', 'b/c', '/'].map(objectKey).filter((key) => filter.keeps(key))).toEqual(expected);
});
