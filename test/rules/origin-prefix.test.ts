import { describe, expect, it } from 'vitest';
import { originPrefix, uninvertible } from '../../src/rules/origin-prefix.ts';
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
