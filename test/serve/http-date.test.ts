import fc from 'fast-check';
import { expect, test } from 'vitest';

import { httpDate, parseHttpDate } from '../../src/serve/client/http-date.ts';

const NOW = Date.UTC(2026, 10, 20);

test.each([
  ['Sun, 06 Nov 1994 08:49:37 GMT', '1994-11-06T08:49:37.000Z'],
  ['Sunday, 06-Nov-94 08:49:37 GMT', '1994-11-06T08:49:37.000Z'],
  ['Sun Nov  6 08:49:37 1994', '1994-11-06T08:49:37.000Z'],
  ['Wed Nov 16 08:49:37 1994', '1994-11-16T08:49:37.000Z'],
  ['Mon, 06 Nov 1994 08:49:37 GMT', '1994-11-06T08:49:37.000Z'],
  ['Thu, 29 Feb 2024 23:59:59 GMT', '2024-02-29T23:59:59.000Z'],
  ['Sat, 31 Dec 2016 23:59:60 GMT', '2017-01-01T00:00:00.000Z'],
  ['Thursday, 31-Dec-76 00:00:00 GMT', '2076-12-31T00:00:00.000Z'],
  ['Friday, 31-Dec-77 00:00:00 GMT', '1977-12-31T00:00:00.000Z'],
  ['Sunday, 01-Jan-00 00:00:00 GMT', '2000-01-01T00:00:00.000Z'],
  ['Fri, 31 Dec 1649 23:59:59 GMT', '1649-12-31T23:59:59.000Z'],
])('%s is %s', (text, iso) => {
  expect(new Date(parseHttpDate(text, NOW) ?? NaN).toISOString()).toBe(iso);
});

test('two digits of a year are of the next century where that is near', () => {
  const text = 'Saturday, 01-Jan-05 00:00:00 GMT';
  expect(parseHttpDate(text, Date.UTC(1999, 0, 1))).toBe(Date.UTC(2005, 0, 1));
});

test.each([
  ...['', 'now', '0', '784111777', '1994-11-06T08:49:37Z', 'Sun, 06 Nov 1994'],
  ...['Sun, 6 Nov 1994 08:49:37 GMT', 'Sun, 06 Nov 1994 08:49:37', 'Sun, 06 Nov 1994 08:49:37 UTC'],
  ...['Sun, 06 Nov 1994 08:49:37 +0000', 'Sun, 06 nov 1994 08:49:37 GMT', 'sun nov 6'],
  ...['Sun, 31 Feb 1994 08:49:37 GMT', 'Sun, 00 Nov 1994 08:49:37 GMT'],
  ...['Wed, 29 Feb 2023 00:00:00 GMT', 'Sun, 06 Nov 1994 24:00:00 GMT'],
  ...['Sun, 06 Nov 1994 08:60:37 GMT', 'Sun, 06 Nov 1994 08:49:61 GMT'],
  ...['Sun, 06 Nov 94 08:49:37 GMT', ' Sun, 06 Nov 1994 08:49:37 GMT', 'Sun Nov 6 08:49:37 1994'],
])('%j is no date', (text) => {
  expect(parseHttpDate(text, NOW)).toBeUndefined();
});

test('what is written is read again, but for the fraction of a second', () => {
  expect(httpDate(784_111_777_999)).toBe('Sun, 06 Nov 1994 08:49:37 GMT');
  const anyTime = fc.double({ min: 0, max: Date.UTC(9999, 11, 31), noNaN: true });
  fc.assert(
    fc.property(anyTime, (ms) => {
      expect(parseHttpDate(httpDate(ms) ?? '', NOW)).toBe(Math.floor(ms / 1000) * 1000);
    }),
  );
});

test.each([-1, NaN, Infinity, Date.UTC(10_000, 0, 1)])('%d can’t be said', (ms) => {
  expect(httpDate(ms)).toBeUndefined();
});
