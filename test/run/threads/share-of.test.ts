import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shareOf } from '../../../src/run/threads/share-of.ts';

const limits = fc.nat(10_000);
const threads = fc.integer({ min: 1, max: 64 });
const indexes = (count: number) => Array.from({ length: count }, (_, index) => index);

test('all shares of a limit are the limit, and differ by one at most', () => {
  fc.assert(
    fc.property(limits, threads, (limit, count) => {
      const shares = indexes(count).map((index) => shareOf(limit, index, count));
      expect(shares.reduce((sum, share) => sum + share, 0)).toBe(limit);
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
    }),
  );
});

test('whoever has the largest of several shares has the share of the largest limit', () => {
  fc.assert(
    fc.property(fc.array(limits, { minLength: 1 }), threads, (several, count) => {
      const most = indexes(count).map((index) =>
        Math.max(...several.map((limit) => shareOf(limit, index, count))),
      );
      expect(most.reduce((sum, share) => sum + share, 0)).toBe(Math.max(...several));
    }),
  );
});
