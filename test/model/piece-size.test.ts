import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { pieceSizeBytes } from '../../src/model/piece-size.ts';

const MIB = 2 ** 20;

describe('the size of a piece of memory', () => {
  it.each([
    [0, 0],
    [1, 1],
    [5, 5],
    [9, 10],
    [MIB, MIB],
    [MIB + 1, 1.25 * MIB],
    [5 * MIB, 5 * MIB],
    [15 * MIB, 16 * MIB],
    [16 * MIB, 16 * MIB],
    [17 * MIB, 17 * MIB],
  ])('for %i bytes is %i, where 16 MiB are the most', (bytes, size) => {
    expect(pieceSizeBytes(bytes, 16 * MIB)).toBe(size);
  });

  it('is one of a few, and at most a quarter more than is wanted', () => {
    const sizes = new Set<number>();
    fc.assert(
      fc.property(fc.integer({ min: MIB + 1, max: 16 * MIB }), (bytes) => {
        const size = pieceSizeBytes(bytes, Infinity);
        sizes.add(size);
        expect(size).toBeGreaterThanOrEqual(bytes);
        expect(size).toBeLessThanOrEqual(1.25 * bytes);
      }),
    );
    expect(sizes.size).toBeLessThanOrEqual(16);
  });
});
