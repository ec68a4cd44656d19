import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  MAX_PART_BYTES,
  MAX_PARTS,
  MIN_PART_BYTES,
  partSizeBytes,
} from '../../src/bucket/part-size.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const TIB = 2 ** 40;

describe('the size of parts', () => {
  it.each([
    { number: 1, wanted: 16 * MIB, length: 100 * MIB, expected: 16 * MIB },
    { number: 1, wanted: MIB, length: 100 * MIB, expected: 5 * MIB },
    { number: 1, wanted: 5 * MIB, length: 10_000 * 5 * MIB, expected: 5 * MIB },
    { number: 1, wanted: 5 * MIB, length: 10_000 * 5 * MIB + 1, expected: 6 * MIB },
    { number: 9_999, wanted: 16 * MIB, length: 5 * TIB, expected: 525 * MIB },
    { number: 1, wanted: 64 * GIB, length: 5 * TIB, expected: 5 * GIB },
    { number: 1, wanted: 16 * MIB, length: undefined, expected: 16 * MIB },
    { number: 100, wanted: 16 * MIB, length: undefined, expected: 16 * MIB },
    { number: 101, wanted: 16 * MIB, length: undefined, expected: 27 * MIB },
    { number: 1, wanted: MIB, length: undefined, expected: 5 * MIB },
    { number: 10_000, wanted: GIB, length: undefined, expected: GIB },
  ])(
    'is $expected bytes for part $number of $length bytes, $wanted wanted',
    ({ number, wanted, length, expected }) => {
      expect(partSizeBytes(number, wanted, length)).toBe(expected);
    },
  );

  it('lets any known length up to 5 TiB fit into 10,000 parts that S3 accepts', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 * GIB }),
        fc.integer({ min: 0, max: 5 * TIB }),
        (wanted, length) => {
          const size = partSizeBytes(1, wanted, length);
          expect(size).toBe(partSizeBytes(MAX_PARTS, wanted, length));
          expect(size).toBeGreaterThanOrEqual(MIN_PART_BYTES);
          expect(size).toBeLessThanOrEqual(MAX_PART_BYTES);
          expect(size * MAX_PARTS).toBeGreaterThanOrEqual(length);
        },
      ),
    );
  });

  it('lets 5 TiB of unknown length fit into 10,000 parts that S3 accepts and that never shrink', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 * GIB }), (wanted) => {
        let sum = 0;
        let before = MIN_PART_BYTES;
        for (let number = 1; number <= MAX_PARTS; number += 1) {
          const size = partSizeBytes(number, wanted, undefined);
          if (size < before || size > MAX_PART_BYTES) return false;
          before = size;
          sum += size;
        }
        return sum >= 5 * TIB;
      }),
      { numRuns: 30, examples: [[1], [5 * MIB], [16 * MIB], [524 * MIB], [525 * MIB]] },
    );
  });
});
