import { expect, it } from 'vitest';
import type { KeyRewrite } from '../../src/model/rule.ts';
import { s3Location, s3OriginKey } from '../../src/rules/s3-origin-key.ts';
import { rulesOf } from './rules-of.ts';

const [rule] = rulesOf('rules: [{ id: a, origins: { masters: ["s3://b-b/"] } }]\n').rules;
const rewrite = (slashes: KeyRewrite['slashes']): KeyRewrite => {
  if (rule === undefined) throw new Error('no rule');
  return { ...rule.key, slashes };
};

it.each([
  ['p/', 'a', 'join', 'p/a'],
  ['p', 'a', 'join', 'p/a'],
  ['p', 'a', 'raw', 'pa'],
  ['', 'a//b', 'join', 'a//b'],
  ['p/', '/a', 'join', 'p//a'],
  ['p/', '', 'join', 'p/'],
] as const)('prefix %j and origin key %j (%s) are %j', (prefix, key, slashes, whole) => {
  expect(s3OriginKey(prefix, key, rewrite(slashes))).toBe(whole);
});

it.each([
  ['', '', 'empty'],
  ['p/', 'k'.repeat(1023), '1025 bytes'],
])('prefix %j and origin key %j name no object', (prefix, key, why) => {
  expect(() => s3OriginKey(prefix, key, rewrite('join'))).toThrow(why);
});

it.each([
  ['s3://old', { bucket: 'old', prefix: '' }],
  ['s3://old/', { bucket: 'old', prefix: '' }],
  ['s3://old/p/q/', { bucket: 'old', prefix: 'p/q/' }],
  ['http://old/p', undefined],
  ['s3://user:pw@old/', undefined],
  ['s3:///p', undefined],
])('%s is %j', (url, location) => {
  expect(s3Location(url)).toEqual(location);
});
