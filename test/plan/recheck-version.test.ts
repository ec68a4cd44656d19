import { describe, expect, test } from 'vitest';

import type { OriginHead } from '../../src/model/origin.ts';
import { recheckVersion, isVersionTold } from '../../src/plan/recheck-version.ts';

const head = (headers: Record<string, string>, change: Partial<OriginHead> = {}): OriginHead => ({
  origin: 'http://o/',
  url: 'http://o/k',
  status: 200,
  headers,
  length: 5,
  framing: 'length',
  ...change,
});
const A = { etag: '"a"', 'last-modified': 'Fri, 20 Nov 2026 04:00:00 GMT' };
const B = { etag: '"b"', 'last-modified': 'Fri, 20 Nov 2026 04:00:09 GMT' };
const chunked = { length: undefined, framing: 'chunked' } as const;

describe('what a later answer says of the version that a body was of', () => {
  test.each([
    ['everything alike', head(A), head(A), 'same'],
    ['another ETag', head(A), head({ ...A, etag: B.etag }), 'changed'],
    ['another date', head(A), head({ ...B, etag: A.etag }), 'changed'],
    ['another length', head(A), head(A, { length: 6 }), 'changed'],
    ['a length that is not told any more', head(A), head(A, chunked), 'same'],
    ['a length that was not told before', head(A, chunked), head(A), 'same'],
    ['only the ETag, the same', head(A), head({ etag: A.etag }), 'same'],
    ['only the date, another', head(A), head({ 'last-modified': B['last-modified'] }), 'changed'],
    ['no validator', head(A), head({}), 'unknown'],
    ['another length, and no validator', head(A), head({}, { length: 6 }), 'unknown'],
    ['nothing in common', head({ etag: '"a"' }), head({ 'last-modified': 'x' }), 'unknown'],
    ['another address', head(A), head(B, { origin: 'http://p/' }), 'unknown'],
  ] as const)('%s', (_name, given, now, verdict) => {
    expect(recheckVersion(given, now)).toBe(verdict);
  });

  test('could be told where there is a validator', () => {
    const told = [A, { etag: '"a"' }, { 'last-modified': 'x' }, {}].map((h) =>
      isVersionTold(head(h)),
    );
    expect(told).toEqual([true, true, true, false]);
  });
});
