import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { objectKey } from '../../src/model/object-key.ts';
import { keyPrefixBelow } from '../../src/rules/key-prefix-below.ts';
import { originPrefix, uninvertible } from '../../src/rules/origin-prefix.ts';
import { rewriteKey } from '../../src/rules/rewrite-key.ts';
import { rulesOf } from './rules-of.ts';

const MASTER = 'origins: { masters: ["https://o.example/"] }';

function rule(fields: string) {
  const [one] = rulesOf(`rules: [{ id: a, ${fields}, ${MASTER} }]`).rules;
  if (one === undefined) throw new Error('no rule');
  return one;
}

describe('what all origin keys of a rule begin with', () => {
  it.each([
    ['match: {}', ''],
    ['match: { keyPrefix: a/b }', 'a/b'],
    ['match: { keyPrefix: a/ }, key: { replacePrefix: p/ }', 'p/'],
    ['match: { keyPrefix: a/ }, key: { replacePrefix: "" }', ''],
    ['match: { keyPrefix: a/ }, key: { addPrefix: cdn/ }', 'cdn/a/'],
    ['match: { keyPrefix: a/ }, key: { template: "pre${key}post" }', 'prea/'],
    ['match: { keyPrefix: a/b.c }, key: { replaceSuffix: { to: .d } }', 'a/'],
    [
      'match: { keyPrefix: a/b/ }, key: { replaceSuffix: { from: /b/c, to: d }, addPrefix: x }',
      'x',
    ],
  ])('%s', (fields, expected) => {
    expect(originPrefix(rule(fields))).toBe(expected);
  });
});

describe('what the origin keys of keys that begin in one way begin with', () => {
  it.each([
    ['match: {}', 'a/b', 'a/b'],
    ['match: { keyPrefix: a/ }', 'a/b', 'a/b'],
    ['match: { keyPrefix: a/b }', 'a/', 'a/b'],
    ['match: { keyPrefix: a/ }', 'b/', 'a/'],
    ['match: { keyPrefix: a/ }, key: { replacePrefix: p/ }', 'a/b', 'p/b'],
    ['match: { keyPrefix: a }, key: { replacePrefix: "" }', 'a/b', 'b'],
    ['match: { keyPrefix: a }, key: { replacePrefix: "", slashes: raw }', 'a/b', '/b'],
    ['key: { replacePrefix: p/, addPrefix: cdn/ }', 'a/b', 'cdn/p/a/b'],
    ['key: { template: "pre${key}post" }', 'a/b', 'prea/b'],
    ['key: { replaceSuffix: { from: .b, to: .c } }', 'x/a.b', 'x/'],
    ['key: { replaceSuffix: { from: /b, to: c } }', 'x/a/b', ''],
  ])('%s below %s', (fields, below, expected) => {
    expect(originPrefix(rule(fields), below)).toBe(expected);
  });

  it('is what each of them is rewritten to', () => {
    const rules = [
      'match: {}',
      'match: { keyPrefix: a }, key: { replacePrefix: "" }',
      'match: { keyPrefix: a }, key: { replacePrefix: "", slashes: raw }',
      'match: { keyPrefix: a/ }, key: { replacePrefix: b, addPrefix: c/ }',
      'match: { keyPrefix: a }, key: { template: "x${key}y", replaceSuffix: { to: .b } }',
      'match: { keySuffix: .b }, key: { replaceSuffix: { to: /a } }',
      'key: { replaceSuffix: { from: .a, to: b }, addSuffix: a }',
      'key: { replaceSuffix: { from: a/b, to: c } }',
    ].map(rule);
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.'), maxLength: 6 });
    const property = fc.property(fc.constantFrom(...rules), text, text, (one, below, rest) => {
      const { keyPrefix = '', keySuffix = '' } = one.match;
      const key = `${below}${rest}`;
      fc.pre(key !== '' && key.startsWith(keyPrefix) && key.endsWith(keySuffix));
      expect(keyPrefixBelow(one, below)).toBeDefined();
      expect(rewriteKey(one, objectKey(key)).startsWith(originPrefix(one, below))).toBe(true);
    });
    fc.assert(property, { numRuns: 2000 });
  });
});

test.each([
  [undefined, '', ''],
  [undefined, 'a', 'a'],
  ['a/b', 'a', 'a/b'],
  ['a', 'a/b', 'a/b'],
  ['a', 'a', 'a'],
  ['a', 'b', undefined],
  ['a/', 'a', 'a/'],
])('keys of a rule of %j that begin with %j begin with %j', (keyPrefix, prefix, expected) => {
  const match = keyPrefix === undefined ? '{}' : `{ keyPrefix: ${keyPrefix} }`;
  expect(keyPrefixBelow(rule(`match: ${match}`), prefix)).toBe(expected);
});

describe('rules whose keys a scan can not tell', () => {
  it.each([
    ['match: { keySuffix: .mp4 }, key: { replaceSuffix: { to: .m4v } }', false],
    ['key: { replaceSuffix: { from: .mp4, to: .m4v } }', false],
    ['key: { replaceSuffix: { to: .m4v } }', true],
    ['key: { template: "a${key}b" }', false],
    ['action: redirect, key: { fixed: x }', true],
  ])('%s', (fields, expected) => {
    expect(uninvertible(rule(fields)) !== undefined).toBe(expected);
  });
});
