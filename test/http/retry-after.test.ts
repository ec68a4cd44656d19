import { expect, it } from 'vitest';

import { retryAfterMs } from '../../src/http/retry-after.ts';

const now = Date.UTC(2026, 10, 20, 4, 0, 0);

it.each([
  [undefined, undefined],
  ['', undefined],
  ['0', 0],
  ['120', 120_000],
  [' 7 ', 7_000],
  ['99999', 99_999_000],
  ['-5', undefined],
  ['1.5', undefined],
  ['soon', undefined],
  ['1, 2', undefined],
  ['2026-11-20', undefined],
  ['Fri, 20 Nov 2026 04:00:30 GMT', 30_000],
  ['Friday, 20-Nov-26 04:00:30 GMT', 30_000],
  ['Fri Nov 20 04:00:30 2026', 30_000],
  ['Fri, 20 Nov 2026 03:00:00 GMT', 0],
  ['Fri, 99 Nov 2026 25:00:00 GMT', undefined],
])('Retry-After %j means %j milliseconds', (value, expected) => {
  expect(retryAfterMs(value, now)).toBe(expected);
});
