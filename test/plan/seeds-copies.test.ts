import { describe, expect, test } from 'vitest';
import type { StoredObject } from '../../src/model/bucket.ts';
import { objectKey } from '../../src/model/object-key.ts';
import { decideCopy } from '../../src/plan/decide-copy.ts';

/** What an earlier fetch left in the bucket. */
const filled: StoredObject = {
  key: objectKey('a.jpg'),
  size: 5,
  etag: '"bucket"',
  lastModifiedMs: 0,
  headers: {},
  metadata: { 'bucketfill-etag': '"v1"' },
};

describe('an object that the bucket has', () => {
  test('Q10 is not fetched again, whatever its origin has by now', () => {
    expect(decideCopy('never', filled)).toEqual({ copy: false, reason: 'exists' });
  });

  test('O11 is refreshed only where that is asked for', () => {
    expect(decideCopy('never', filled).copy).toBe(false);
    expect(decideCopy('changed', filled)).toMatchObject({ copy: true, unless: { etag: '"v1"' } });
    expect(decideCopy('always', filled)).toMatchObject({ copy: true, ifAbsent: false });
  });
});

test('O14 O15 B2 bulk copies leave what was filled on access, bring the rest, and give way', () => {
  expect(decideCopy('never', filled)).toEqual({ copy: false, reason: 'exists' });
  expect(decideCopy('never', undefined)).toMatchObject({ copy: true, ifAbsent: true });
});
