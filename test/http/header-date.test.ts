import { describe, expect, it } from 'vitest';

import { headerDate } from '../../src/http/header-date.ts';

describe('a date of a header', () => {
  it.each([
    'Wed, 01 Jan 2025 00:00:00 GMT',
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'Thu, 29 Feb 2024 23:59:59 GMT',
    'Fri, 31 Dec 1999 23:59:59 GMT',
    'Thu, 01 Jan 1970 00:00:00 GMT',
    'Wed, 31 Dec 1969 23:59:59 GMT',
    'Fri, 28 Dec 9999 23:59:59 GMT',
    // A wrong day of the week counts for nothing.
    'Sun, 01 Jan 2025 00:00:00 GMT',
    'Xyz, 01 Jan 2025 00:00:00 GMT',
    'Feb, 01 Jan 2025 00:00:00 GMT',
    '123, 01 Jan 2025 00:00:00 GMT',
    'Sunday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994',
    '2025-01-01T00:00:00.000Z',
    'Wed, 01 Jan 2025 00:00:60 GMT',
    'Wed, 01 Jan 2025 24:00:00 GMT',
    'Wed, 01 Jan 2025 00:60:00 GMT',
    'Wed, 31 Feb 2025 00:00:00 GMT',
    'Wed, 00 Jan 2025 00:00:00 GMT',
    'Wed, 01 Foo 2025 00:00:00 GMT',
    'Wed, 01 Jan 2025 00:00:00 CET',
    'Wed, 01 Jan 2025 0x:00:00 GMT',
    'Wed, -1 Jan 2025 00:00:00 GMT',
    'Wed; 01 Jan 2025 00:00:00 GMT',
    'yesterday',
    '',
  ])('is what Date.parse says of %j', (text) => {
    expect(headerDate(text)).toBe(Date.parse(text));
  });

  it('is so for every hour of some years', () => {
    const from = Date.UTC(2023, 11, 30);
    for (let hours = 0; hours < 24 * 400; hours += 1) {
      const ms = from + hours * 3_601_000;
      expect(headerDate(new Date(ms).toUTCString())).toBe(ms);
    }
  });
});
