import { describe, expect, test } from 'vitest';
import { isPrivate } from '../../src/plan/is-private.ts';
import { whyNotStored } from '../../src/plan/why-not-stored.ts';

const PLAIN = { query: '', headers: {} };
const QUERY = { query: 'v=1', headers: {} };
const HEADER = { query: '', headers: { 'x-device': 'tv' } };
const OPEN = { 'cache-control': 'public, max-age=60' };
const COOKIE = { 'set-cookie': 'session=1' };

describe('an answer to a client', () => {
  test.each([
    ['variants: plain', 'auto', PLAIN, OPEN, undefined],
    ['variants: plain', 'auto', QUERY, OPEN, 'variant'],
    ['variants: plain', 'auto', HEADER, OPEN, 'variant'],
    ['variants: any', 'auto', QUERY, OPEN, undefined],
    ['variants: any', 'auto', HEADER, OPEN, undefined],
    ['variants: any', 'auto', QUERY, COOKIE, 'private'],
    ['variants: any', 'auto', PLAIN, COOKIE, undefined],
    ['variants: any', 'store', QUERY, COOKIE, undefined],
    ['variants: any', 'refuse', PLAIN, COOKIE, 'private'],
    ['variants: plain', 'store', QUERY, COOKIE, 'variant'],
  ] as const)(
    'with %s and private: %s, %j, %j: %s',
    (variants, mode, passed, headers, expected) => {
      const store = {
        variants: variants === 'variants: any' ? 'any' : 'plain',
        private: mode,
      } as const;
      expect(whyNotStored(store, 'GET', passed, headers)).toBe(expected);
    },
  );

  test('to HEAD is never stored', () => {
    const store = { variants: 'any', private: 'store' } as const;
    expect(whyNotStored(store, 'HEAD', PLAIN, OPEN)).toBe('method');
  });
});

test.each([
  [{ 'set-cookie': '' }, true],
  [{ 'cache-control': 'max-age=1, Private' }, true],
  [{ 'cache-control': 'private="x-a"' }, true],
  [{ 'cache-control': 'no-store' }, true],
  [{ 'cache-control': 'no-cache' }, false],
  [{ 'cache-control': 'public' }, false],
  [{}, false],
])('an answer with %j is meant for one client: %s', (headers, expected) => {
  expect(isPrivate(headers)).toBe(expected);
});
