import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileGlob } from '../../src/plan/compile-glob.ts';

function matches(glob: string, key: string): boolean {
  const made = compileGlob(glob);
  if ('problem' in made) throw new Error(made.problem);
  return made.pattern.test(key);
}

/** A glob, keys that it matches, and keys that it doesn't. */
type Case = readonly [glob: string, keys: readonly string[], others: readonly string[]];

function check(cases: readonly Case[]): void {
  it.each(cases)('%j', (glob, keys, others) => {
    expect(keys.filter((key) => !matches(glob, key))).toEqual([]);
    expect(others.filter((key) => matches(glob, key))).toEqual([]);
  });
}

describe('stars and question marks', () => {
  check([
    ['*', ['a', '.a', '..', '💥', 'a b', '\n'], ['a/b', '/', 'a/']],
    ['*.jpg', ['x.jpg', '.jpg'], ['a/x.jpg', 'x.jpeg', 'x.JPG']],
    ['a/*', ['a/', 'a/b', 'a/.b', 'a/..'], ['a', 'a/b/c', 'a//']],
    ['a*', ['a', 'ab', 'a.b'], ['a/', 'a/b', 'ba']],
    ['a**b', ['ab', 'axb'], ['a/b']],
    ['**', ['a', 'a/b', '.', '..', '/', 'a\nb', '💥', '..//..'], []],
    ['a/**', ['a/', 'a/b', 'a/.b', 'a/b/c', 'a//b', 'a/../b', 'a/\n'], ['a', 'ab', 'A/b', '/a/b']],
    [
      '**/*.jpg',
      ['x.jpg', 'a/x.jpg', '/x.jpg', '.jpg', 'a/b/.jpg', '../x.jpg', 'a//x.jpg', 'a/./.x.jpg'],
      ['x.jpeg', 'x.jpg/', 'xjpg'],
    ],
    ['a/**/b', ['a/b', 'a/x/b', 'a/x/y/b', 'a//b', 'a/../b'], ['ab', 'a/xb', 'a/b/c']],
    ['?', ['a', '💥', '.', 'é'], ['ab', '/', 'e\u0301']],
    ['.*', ['.a', '..', '.'], ['a', './x']],
  ]);
});

describe('classes and alternatives', () => {
  check([
    ['[ab].jpg', ['a.jpg'], ['[ab].jpg', 'c.jpg']],
    ['[!a]', ['b', '💥', '.'], ['a', '/']],
    ['[^a]b', ['bb'], ['ab']],
    ['[]a]x', [']x', 'ax'], ['x']],
    ['[\\]]x', [']x'], ['x', '\\x']],
    ['[a\\-z]', ['-', 'a', 'z'], ['m']],
    ['[a"(]x', ['ax', '"x', '(x'], ['bx']],
    ['[ab]+c', ['a+c'], ['aac']],
    ['[[:digit:]]x', ['1x'], ['ax']],
    ['{a,b}/c', ['a/c', 'b/c'], ['{a,b}/c', 'c/c']],
    ['{a,b/**}', ['a', 'b/x/y'], ['b']],
    ['{{a,b},c}', ['a', 'b', 'c'], ['d']],
    ['{,a}b', ['b', 'ab'], ['{,a}b']],
    ['{a}', ['{a}'], ['a']],
  ]);
});

describe('what stands for itself', () => {
  check([
    ['\\{a,b\\}', ['{a,b}'], ['a', 'b']],
    ['a\\*b', ['a*b'], ['axb']],
    ['a\\\\b', ['a\\b'], ['ab', 'a\\\\b']],
    ['a\\\\\\\\b', ['a\\\\b'], ['a\\b']],
    ['a/b', ['a/b'], ['a\\b']],
    ['a(1).jpg', ['a(1).jpg'], ['a1.jpg']],
    ['@(a)', ['@(a)'], ['a']],
    ['+(a)', ['+(a)'], ['a', 'aa']],
    ['a|b', ['a|b'], ['a', 'b']],
    ['a"b"c', ['a"b"c'], ['abc']],
    ['a+b', ['a+b'], ['aab', 'ab']],
    ['!a', ['!a'], ['b', 'a']],
    ['./a', ['./a'], ['a']],
    ['../a', ['../a'], ['a']],
    ['a/../b', ['a/../b'], ['b']],
    ['//a', ['//a'], ['/a', 'a']],
    ['$x^ #%2F~', ['$x^ #%2F~'], []],
    ['é*', ['éa'], ['e\u0301a']],
  ]);

  it('is every character behind a backslash, whatever the key holds', () => {
    const special = fc.constantFrom(...Array.from('*?[]{}()!^$+@|\\"\'./,-:ab\n💥é '));
    const any = fc.string({ unit: 'binary', minLength: 1, maxLength: 1 });
    const unit = fc.oneof(special, any).filter((character) => character !== '\0');
    const key = fc.string({ unit, minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(key, key, (text, other) => {
        const glob = Array.from(text, (character) => `\\${character}`).join('');
        expect(matches(glob, text)).toBe(true);
        expect(matches(glob, other)).toBe(text === other);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('globs that are none', () => {
  it.each([
    ['', 'it is empty'],
    ['a\\', 'it ends with a backslash'],
    ['[z-a]', 'Range out of order'],
    ['[ab', 'Missing closing: "]" - use "\\]" to match'],
    ['a]', 'Missing opening: "["'],
    ['{a,b', 'Missing closing: "}"'],
    ['a}', 'Lone quantifier brackets'],
    ['{1..3}', 'write {1,2,3}, or [1-3]'],
    ['a\ud800', 'not well-formed Unicode'],
    ['a\0', 'it holds a NUL'],
    ['x'.repeat(70_000), 'exceeds maximum allowed length'],
  ])('%j', (glob, problem) => {
    expect(compileGlob(glob)).toEqual({ problem: expect.stringContaining(problem) as string });
  });
});
