import { expect, test } from 'vitest';
import { FAILURE_CODES, type FailureCode } from '../../src/model/failure.ts';
import { prefetchStatus } from '../../src/serve/prefetch/prefetch-status.ts';

const OTHERS: ReadonlyMap<FailureCode, number> = new Map<FailureCode, number>([
  ['KEY_INVALID', 400],
  ['ORIGIN_NOT_FOUND', 404],
  ['BUCKET_REFUSED', 599],
  ['BUCKET_THROTTLED', 599],
  ['BUCKET_UNREACHABLE', 599],
  ['METADATA_TOO_LARGE', 599],
  ['INTERNAL', 599],
]);

test.each(FAILURE_CODES)('%s has its status by the table of the vendor', (code) => {
  expect(prefetchStatus({ code, status: undefined })).toBe(OTHERS.get(code) ?? 478);
});

test("only an origin's 404 is its absence there", () => {
  expect(prefetchStatus({ code: 'ORIGIN_NOT_FOUND', status: 404 })).toBe(404);
  expect(prefetchStatus({ code: 'ORIGIN_NOT_FOUND', status: 410 })).toBe(478);
});
