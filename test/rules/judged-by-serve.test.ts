import { expect, it } from 'vitest';
import { judgedByServe } from '../../src/rules/judged-by-serve.ts';
import { rulesOf } from './rules-of.ts';

it.each([
  ['{}', []],
  ['{ methods: [GET] }', []],
  ['{ methods: [HEAD] }', ['match.methods']],
  ['{ headers: [{ name: x, equals: y }] }', ['match.headers']],
  ['{ hosts: { allow: [a.example] } }', ['match.hosts']],
  ['{ hosts: { deny: [a.example] } }', ['match.hosts']],
])('of a rule with match: %s bulk commands leave out %j', (match, fields) => {
  const text = `rules: [{ id: a, match: ${match}, origins: { masters: ["https://o.example/"] } }]`;
  const [rule] = rulesOf(text).rules;
  expect(rule && judgedByServe(rule)).toEqual(fields);
});
