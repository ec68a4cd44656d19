import { expect, test } from 'vitest';
import { DEFAULT_MAX_DELETE, type MaxDelete, refuseDeletes } from '../../src/plan/max-delete.ts';

const share = (percent: number): MaxDelete => ({ kind: 'share', percent });
const count = (number: number): MaxDelete => ({ kind: 'count', count: number });

test.each<[planned: number, known: number, most: MaxDelete, isFine: boolean]>([
  [0, 0, DEFAULT_MAX_DELETE, true],
  [10, 100, DEFAULT_MAX_DELETE, true],
  [11, 100, DEFAULT_MAX_DELETE, false],
  [1, 9, DEFAULT_MAX_DELETE, false],
  [1, 9, share(100), true],
  [0, 5, count(0), true],
  [1, 1000, count(0), false],
  [3, 4, count(3), true],
])('%i of %i under %j', (planned, known, most, isFine) => {
  expect(refuseDeletes(planned, known, most) === undefined).toBe(isFine);
});

test('a refusal names both numbers and what to do', () => {
  expect(refuseDeletes(11, 100, DEFAULT_MAX_DELETE)).toBe(
    '11 objects are gone from the origin, --max-delete allows 10%, which is 10 of 100: none was deleted; look at them with --dry-run, then give --max-delete 11',
  );
});
