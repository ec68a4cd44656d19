import { expect, test } from 'vitest';
import { objectKey } from '../../../src/model/object-key.ts';
import { decideSync } from '../../../src/plan/decide-sync.ts';

test.each([
  ['"s"', 'unchanged'],
  ['', 'examine'],
])('a bucket whose ETag is %j: alike in size, an object is %s', (etag, decision) => {
  const key = objectKey('a');
  const listed = { key, rule: 'all', originKey: 'a', size: 5, lastModifiedMs: 60_000 };
  const row = {
    listed,
    before: { ...listed, stored: { etag, size: 5 } },
    stored: { key, size: 5, etag, lastModifiedMs: 1 },
  };
  expect(decideSync(row, { overwrite: 'changed', checksum: false, isWhole: true })).toBe(decision);
});
