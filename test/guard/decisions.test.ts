import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asksAnotherAddress } from '../../src/guard/asks-another-address.ts';
import { breakerVerdict } from '../../src/guard/breaker-verdict.ts';
import { calculateRetryDelay } from '../../src/guard/calculate-retry-delay.ts';
import { mayRetry } from '../../src/guard/may-retry.ts';
import { OriginUnavailable } from '../../src/guard/origin-unavailable.ts';
import { FAILURE_CODES, FatalError } from '../../src/model/failure.ts';
import { failure } from './scripted-origin.ts';

const abort = new DOMException('aborted', 'AbortError');
const fatal = new FatalError('origins-unusable', 'down');
const status = (code: number) => failure('ORIGIN_STATUS', 'x', { status: code });
const notFound = (code = 404) => failure('ORIGIN_NOT_FOUND', 'x', { status: code });

describe('how long to stay away', () => {
  it.each([
    [1, undefined, 0, 100],
    [1, undefined, 0.5, 150],
    [2, undefined, 0, 200],
    [4, undefined, 0, 800],
    [9, undefined, 0, 15_000],
    [5000, undefined, 0.99, 29_850],
    [1, 2500, 0.9, 2500],
    [6, 10, 0, 3200],
    [1, 3_600_000, 0, 30_000],
  ])(
    'after %d failures, Retry-After %s and chance %d it is %d ms',
    (failures, asked, random, ms) => {
      const delay = { failures, baseMs: 200, maxMs: 30_000, retryAfterMs: asked };
      expect(calculateRetryDelay(delay, random)).toBe(ms);
    },
  );

  it('never is negative, nor longer than the most that is allowed', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2000 }),
        fc.integer({ min: 0, max: 100_000 }),
        fc.integer({ min: 0, max: 100_000 }),
        fc.option(fc.integer({ min: -10, max: 1e9 }), { nil: undefined }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (failures, baseMs, maxMs, retryAfterMs, random) => {
          const ms = calculateRetryDelay({ failures, baseMs, maxMs, retryAfterMs }, random);
          expect(ms).toBeGreaterThanOrEqual(0);
          expect(ms).toBeLessThanOrEqual(maxMs);
        },
      ),
    );
  });
});

describe('asking the same address again', () => {
  const retried = new Set([
    'ORIGIN_UNREACHABLE',
    'ORIGIN_TIMEOUT',
    'LENGTH_MISMATCH',
    'DIGEST_MISMATCH',
    'ORIGIN_CHANGED',
  ]);
  it.each(FAILURE_CODES.filter((code) => code !== 'ORIGIN_STATUS'))('is decided for %s', (code) => {
    expect(mayRetry(failure(code))).toBe(retried.has(code));
  });

  it.each([
    [500, true],
    [502, true],
    [503, true],
    [509, true],
    [524, true],
    [429, true],
    [408, true],
    [400, false],
    [401, false],
    [403, false],
    [416, false],
    [302, false],
  ])('is decided for status %d', (code, expected) => {
    expect(mayRetry(status(code))).toBe(expected);
  });

  it.each([abort, fatal, new TypeError('bug'), 'text', undefined, new OriginUnavailable('x')])(
    'is never done after %s',
    (error) => {
      expect(mayRetry(error)).toBe(false);
    },
  );
});

describe('asking another address', () => {
  const defaults = { retryOn: ['5XX'], neverRetryOn: [] } as const;
  const always = new Set([
    'ORIGIN_UNREACHABLE',
    'ORIGIN_TIMEOUT',
    'LENGTH_MISMATCH',
    'DIGEST_MISMATCH',
    'ORIGIN_CHANGED',
    'ADDRESS_REFUSED',
    'REDIRECT_REFUSED',
    'LOOP_DETECTED',
  ]);
  it.each(FAILURE_CODES)('is decided for %s without a status', (code) => {
    expect(asksAnotherAddress(failure(code), defaults)).toBe(always.has(code));
  });

  it.each([
    [status(500), ['5XX'], [], true],
    [status(599), ['5XX'], [], true],
    [status(503), [500], [], false],
    [status(503), [503], [], true],
    [status(503), ['5XX'], [503], false],
    [status(503), [503], ['5XX'], false],
    [status(403), ['5XX'], [], false],
    [status(403), ['4XX'], [], true],
    [status(302), ['4XX', '5XX'], [], false],
    [notFound(), ['5XX'], [], false],
    [notFound(), ['4XX'], [], true],
    [notFound(), [404], [], true],
    [notFound(), ['4XX'], [404], false],
    [notFound(410), [404], [], false],
    [notFound(410), ['4XX'], [], true],
    [failure('ORIGIN_NOT_FOUND'), [404], [], true],
    [failure('ORIGIN_ARCHIVED', 'x', { status: 403 }), ['4XX'], [], true],
  ] as const)(
    '%# is decided by the lists of statuses',
    (error, retryOn, neverRetryOn, expected) => {
      expect(asksAnotherAddress(error, { retryOn, neverRetryOn })).toBe(expected);
    },
  );

  it('is not kept from a connection failure by any list', () => {
    const lists = { retryOn: [], neverRetryOn: ['4XX', '5XX'] } as const;
    expect(asksAnotherAddress(failure('ORIGIN_UNREACHABLE'), lists)).toBe(true);
  });

  it.each([abort, fatal, new TypeError('bug'), undefined])('is never done after %s', (error) => {
    expect(asksAnotherAddress(error, { retryOn: ['4XX', '5XX'], neverRetryOn: [] })).toBe(false);
  });
});

describe('what a failed call says of its address', () => {
  const bad = new Set([
    'ORIGIN_UNREACHABLE',
    'ORIGIN_TIMEOUT',
    'LENGTH_MISMATCH',
    'DIGEST_MISMATCH',
  ]);
  const good = new Set([
    'ORIGIN_NOT_FOUND',
    'ORIGIN_CHANGED',
    'ORIGIN_ARCHIVED',
    'REDIRECT_REFUSED',
    'LOOP_DETECTED',
  ]);
  it.each(FAILURE_CODES.filter((code) => code !== 'ORIGIN_STATUS'))('is decided for %s', (code) => {
    const expected = bad.has(code) ? 'failure' : good.has(code) ? 'success' : 'neutral';
    expect(breakerVerdict(failure(code), true)).toBe(expected);
  });

  it.each([
    [500, 'failure'],
    [502, 'failure'],
    [504, 'failure'],
    [522, 'failure'],
    [503, 'neutral'],
    [509, 'neutral'],
    [529, 'neutral'],
    [429, 'neutral'],
    [403, 'success'],
    [302, 'success'],
  ])('status %d is %s', (code, expected) => {
    expect(breakerVerdict(status(code), false)).toBe(expected);
  });

  it('is nothing bad where a whole body is only not what a list declared', () => {
    expect(breakerVerdict(failure('LENGTH_MISMATCH'), false)).toBe('success');
    expect(breakerVerdict(failure('DIGEST_MISMATCH'), false)).toBe('success');
  });

  it.each([abort, fatal, new TypeError('bug'), undefined, new OriginUnavailable('x')])(
    'is nothing after %s',
    (error) => {
      expect(breakerVerdict(error, false)).toBe('neutral');
    },
  );
});
