import { describe, expect, it } from 'vitest';

import {
  fingerprintDifferences,
  isOfBucket,
  jobFingerprint,
  keyChoiceOf,
} from '../../src/rules/job-fingerprint.ts';
import { rulesOf } from './rules-of.ts';

const FLAGS = { overwrite: 'never', keys: 'keys.txt' };

function body(a: string, b = ''): string {
  return `rules:\n  - { id: a, match: { keyPrefix: a/ }, origins: { masters: ["https://o.example/"] }, ${a} }\n${b}`;
}

function differences(before: string, now: string, flags = FLAGS): readonly string[] {
  return fingerprintDifferences(
    jobFingerprint(rulesOf(before), 'b', FLAGS),
    jobFingerprint(rulesOf(now), 'b', flags),
  );
}

const SECOND = '  - { id: b, match: { keyPrefix: b/ }, action: "off" }\n';

describe('a job is the same', () => {
  it.each([
    ['request: { timeouts: { idle: 1s } }', 'timeouts'],
    ['protect: { concurrency: 1 }', 'limits'],
    ['response: { onError: 500 }', 'what serve answers'],
    ['key: {}', 'a default written out'],
  ])('after %s: %s may change', (fields) => {
    expect(differences(body(''), body(fields))).toEqual([]);
  });

  it('when an address is added or credentials change', () => {
    const other = body('').replace(
      '"https://o.example/"',
      '"https://p.example/", { url: "https://q.example/", headers: { authorization: { env: A } } }',
    );
    expect(differences(body(''), other)).toEqual([]);
  });
});

describe('a job is another one, and the difference has a name', () => {
  it.each([
    [body('key: { addPrefix: x }'), 'rule `a`: key changed'],
    [body('store: { userMetadata: false }'), 'rule `a`: store changed'],
    [body('action: proxy'), 'rule `a`: action changed'],
    [body('').replace('a/', 'c/'), 'rule `a`: match changed'],
    [body('', SECOND), 'rule `b` was added'],
    [`${body('')}scan: [{ rule: a, from: s3 }]`, 'scan changed'],
  ])('%j', (now, expected) => {
    expect(differences(body(''), now)).toEqual([expected]);
  });

  it('after a rule went, or two changed places', () => {
    expect(differences(body('', SECOND), body(''))).toEqual(['rule `b` was removed']);
    const swapped = body('', SECOND)
      .replace(/^rules:\n/, `rules:\n${SECOND}`)
      .replace(/\n {2}- \{ id: b[^\n]*\n$/, '\n');
    expect(differences(body('', SECOND), swapped)).toEqual(['the rules stand in another order']);
  });

  it('with another flag or another bucket', () => {
    expect(differences(body(''), body(''), { ...FLAGS, overwrite: 'always' })).toEqual([
      '--overwrite was "never", now it is "always"',
    ]);
    const rules = rulesOf(body(''));
    const [one, two] = ['directory 1', 'directory 2'].map((id) => jobFingerprint(rules, id, FLAGS));
    expect(fingerprintDifferences(one ?? {}, two ?? {})).toEqual([
      'the bucket is another one (was "directory 1", now it is "directory 2")',
    ]);
  });
});

it('the order in which fields were written does not count', () => {
  const one = rulesOf(body('store: { requireLength: true, userMetadata: false }'));
  const two = rulesOf(body('store: { userMetadata: false, requireLength: true }'));
  expect(jobFingerprint(one, 'b', FLAGS)).toEqual(jobFingerprint(two, 'b', FLAGS));
});

describe('the keys that a job is about', () => {
  const rules = rulesOf(body(''));

  it.each([
    [{}, null],
    [{ prefix: 'a/' }, { prefix: 'a/' }],
    [{ rule: '' }, null],
    [{ rule: ['a', 'b'] }, { rule: ['a', 'b'] }],
    [{ include: ['x y', 'é"'] }, { include: ['x y', 'é"'] }],
    [
      { prefix: '', exclude: ['*'] },
      { prefix: '', exclude: ['*'] },
    ],
  ])('%j', (flags, choice) => {
    expect(keyChoiceOf(jobFingerprint(rules, 'b', { ...FLAGS, ...flags }))).toEqual(choice);
  });

  it('are named in words where they differ', () => {
    const of = (flags: object) => jobFingerprint(rules, 'b', { ...FLAGS, ...flags });
    expect(fingerprintDifferences(of({}), of({ prefix: 'a b', include: ['x', 'y'] }))).toEqual([
      '--prefix was absent, now it is "a b"',
      '--include was absent, now it is ["x","y"]',
    ]);
    expect(fingerprintDifferences(of({ exclude: ['x', 'y'] }), of({ exclude: ['x y'] }))).toEqual([
      '--exclude was ["x","y"], now it is ["x y"]',
    ]);
  });
});

it('a fingerprint knows the bucket of its job', () => {
  const fingerprint = jobFingerprint(rulesOf(body('')), 'AWS media/', FLAGS);
  expect(isOfBucket(fingerprint, 'AWS media/')).toBe(true);
  expect(isOfBucket(fingerprint, 'AWS other/')).toBe(false);
});
