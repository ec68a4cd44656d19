import { expect, it } from 'vitest';

import { errorsOf, problemsOf, rulesOf } from './rules-of.ts';

const MASTERS = 'masters: ["https://o.example/"]';

it('defaults stand under every rule: maps merge, lists and plain values replace', () => {
  const { rules } = rulesOf(
    [
      `defaults: { origins: { ${MASTERS}, retryOn: [5XX, 429], retries: { perAddress: 9, base: 1s } }, store: { tags: { a: b } } }`,
      'rules:',
      '  - { id: a, match: { keyPrefix: a/ } }',
      '  - { id: b, match: { keyPrefix: b/ }, origins: { retryOn: [404], retries: { base: 2s } }, store: { tags: { c: d } } }',
    ].join('\n'),
  );
  expect(rules[0]?.origins).toMatchObject({
    retryOn: ['5XX', 429],
    retries: { perAddress: 9, baseMs: 1000 },
  });
  expect(rules[1]?.origins).toMatchObject({
    retryOn: [404],
    retries: { perAddress: 9, baseMs: 2000 },
  });
  expect(rules[1]?.store.tags).toEqual([
    { name: 'a', value: 'b' },
    { name: 'c', value: 'd' },
  ]);
});

it('a problem in defaults is told once, where it was written, however many rules it reaches', () => {
  const body = `defaults:\n  request: { maxRedirects: 99 }\nrules:\n${[1, 2, 3]
    .map((n) => `  - { id: r${n}, match: { keyPrefix: ${n}/ }, origins: { ${MASTERS} } }\n`)
    .join('')}`;
  expect(problemsOf(body)).toEqual([
    {
      severity: 'error',
      line: 4,
      column: 28,
      path: 'defaults.request.maxRedirects',
      message: 'must be at most 50',
    },
  ]);
});

it('a problem in defaults is told even where there is no rule', () => {
  expect(errorsOf('defaults: { stroe: {} }\nrules: []')).toEqual([
    'defaults.stroe: unknown field `stroe`, did you mean `store`?',
  ]);
});

it('defaults may leave a needed field to the rules, and a rule that lacks it is named', () => {
  const body = (to: string) =>
    `defaults: { key: { replaceSuffix: { from: .a } } }\nrules: [{ id: a, key: { replaceSuffix: { ${to} } }, origins: { ${MASTERS} } }]`;
  expect(errorsOf(body('to: .b'))).toEqual([]);
  expect(errorsOf(body(''))).toEqual(['rules[0].key.replaceSuffix.to: missing field `to`']);
});

it('what a rule lacks is shown at the rule although its map comes from defaults', () => {
  const [problem] = problemsOf('defaults: { origins: { select: random } }\nrules:\n  - id: a\n');
  expect(problem).toMatchObject({ line: 5, path: 'rules[0].origins.masters' });
});
