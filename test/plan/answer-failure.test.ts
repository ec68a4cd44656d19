import { describe, expect, test } from 'vitest';

import { FAILURE_CODES, Failure, type FailureCode } from '../../src/model/failure.ts';
import type { Rule } from '../../src/model/rule.ts';
import { answerFailure } from '../../src/plan/answer-failure.ts';
import { ruleOf } from '../rules/rules-of.ts';

const rule = (fields: string): Rule => ruleOf(fields);
const MISS = new Failure('ORIGIN_NOT_FOUND', 'x', { status: 404 });
const status = (code: number) => new Failure('ORIGIN_STATUS', 'x', { status: code });
const FAILED = { answer: 'error', status: 424, code: 'MirrorFailed' };

describe('what a client is told when no origin gave the object', () => {
  test('O12 404 where the origins said 404', () => {
    expect(answerFailure(MISS, rule(''))).toEqual({
      answer: 'error',
      status: 404,
      code: 'NoSuchKey',
    });
  });

  test.each([403, 429, 500, 503])('O13 424 MirrorFailed for %i', (code) => {
    expect(answerFailure(status(code), rule(''))).toEqual(FAILED);
  });

  test.each<FailureCode>(['ORIGIN_UNREACHABLE', 'ORIGIN_TIMEOUT', 'LENGTH_MISMATCH', 'INTERNAL'])(
    'O13 424 MirrorFailed for %s, or what the rule says',
    (code) => {
      expect(answerFailure(new Failure(code, 'x'), rule(''))).toEqual(FAILED);
      expect(answerFailure(new Failure(code, 'x'), rule('response: { onError: 502 }'))).toEqual({
        ...FAILED,
        status: 502,
      });
    },
  );

  test('the status itself where the rule passes it, and no status of a broken answer', () => {
    const passes = rule('response: { passStatuses: [404, 410, 503] }');
    expect(answerFailure(status(503), passes)).toEqual({ answer: 'passStatus', status: 503 });
    expect(answerFailure(MISS, passes)).toEqual({ answer: 'passStatus', status: 404 });
    const gone = new Failure('ORIGIN_NOT_FOUND', 'x', { status: 410 });
    expect(answerFailure(gone, passes)).toEqual({ answer: 'passStatus', status: 410 });
    const broken = new Failure('LENGTH_MISMATCH', 'x', { status: 503 });
    expect(answerFailure(broken, passes)).toEqual(FAILED);
  });

  test('H19 the redirect that the rule does not follow', () => {
    const location = 'https://elsewhere.example/';
    const redirect = new Failure('ORIGIN_STATUS', 'x', { status: 301, location });
    expect(answerFailure(redirect, rule('request: { followRedirects: false }'))).toEqual({
      answer: 'handOnRedirect',
      status: 301,
      location,
    });
    expect(answerFailure(status(302), rule(''))).toEqual(FAILED);
  });

  test.each(['redirect', 'nextRule'] as const)(
    'after a 404 of every origin, and nothing else, what afterMiss: %s says',
    (afterMiss) => {
      const goesOn = rule(`afterMiss: ${afterMiss}, response: { passStatuses: [404] }`);
      expect(answerFailure(MISS, goesOn)).toEqual({ answer: afterMiss });
      expect(answerFailure(status(500), goesOn)).toEqual(FAILED);
    },
  );

  test('503 SlowDown where the bucket is the trouble', () => {
    const busy = { answer: 'error', status: 503, code: 'SlowDown' };
    for (const code of ['BUCKET_REFUSED', 'BUCKET_THROTTLED', 'BUCKET_UNREACHABLE'] as const) {
      const failure = new Failure(code, 'x', { status: 404 });
      expect(answerFailure(failure, rule('afterMiss: nextRule'))).toEqual(busy);
    }
  });

  test('an error for every code there is', () => {
    for (const code of FAILURE_CODES) {
      const told = answerFailure(new Failure(code, 'x'), rule(''));
      expect(told.answer === 'error' && told.status >= 400).toBe(true);
    }
  });
});
