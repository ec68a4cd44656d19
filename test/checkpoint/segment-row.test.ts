import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromSegmentRow, toSegmentRow } from '../../src/checkpoint/segment-row.ts';
import { FAILURE_CODES } from '../../src/model/failure.ts';
import type { SegmentFailure, SegmentRecord } from '../../src/model/checkpoint.ts';

/** A segment whose entries became what `states` say, one of the four ENTRY_ states each. */
function segmentOf(states: readonly number[], failures: readonly SegmentFailure[]): SegmentRecord {
  const outcomes = new Uint8Array(Math.ceil(states.length / 4));
  states.forEach((state, entry) => {
    const at = Math.floor(entry / 4);
    outcomes[at] = (outcomes[at] ?? 0) + state * 4 ** (entry % 4);
  });
  const count = (wanted: number) => states.filter((state) => state === wanted).length;
  return {
    id: 7,
    start: 1,
    end: 2,
    prefixCrc: 3,
    entries: states.length,
    outcomes,
    failures,
    closed: count(0) === 0,
    copied: count(1),
    skipped: count(2),
    failed: count(3),
  };
}

const failures = fc.array(
  fc.record(
    {
      index: fc.nat(),
      code: fc.constantFrom(...FAILURE_CODES),
      status: fc.integer({ min: 100, max: 599 }),
      origin: fc.webUrl(),
      message: fc.string({ unit: 'binary' }),
      attempts: fc.nat(),
    },
    { requiredKeys: ['index', 'code', 'message', 'attempts'] },
  ),
);

describe('a segment as a row', () => {
  it('comes back as it was, whatever became of its entries', () => {
    const states = fc.oneof(
      fc.array(fc.integer({ min: 0, max: 3 })),
      fc
        .tuple(fc.integer({ min: 1, max: 3 }), fc.nat({ max: 70 }))
        .map(([state, entries]) => Array.from({ length: entries }, () => state)),
    );
    fc.assert(
      fc.property(states, failures, (became, failed) => {
        const segment = segmentOf(became, failed);
        expect(fromSegmentRow(toSegmentRow(segment))).toEqual(segment);
      }),
    );
  });

  it('leaves outcomes out where they all say the same, and keeps them while one is open', () => {
    expect(toSegmentRow(segmentOf([2, 2, 2], []))[5]).toBeNull();
    expect(toSegmentRow(segmentOf([1, 1, 2], []))[5]).toEqual(Uint8Array.of(0b10_01_01));
    expect(toSegmentRow(segmentOf([1, 1, 0], []))[5]).toEqual(Uint8Array.of(0b00_01_01));
  });

  it('takes little room for failures that are alike, though every entry failed', () => {
    const states = Array.from({ length: 1024 }, () => 3);
    const message = (index: number) =>
      `http://origin.example/some/folder/object-${index}.jpg answered 404 Not Found`;
    const failed = states.map((_, index): SegmentFailure => ({
      index,
      code: 'ORIGIN_NOT_FOUND',
      status: 404,
      origin: 'http://origin.example/',
      message: message(index),
      attempts: 1,
    }));
    const packed = toSegmentRow(segmentOf(states, failed))[6];
    expect(packed?.length).toBeLessThan(1024 * 15);
  });

  it('refuses a row that it can not have written', () => {
    const failure: SegmentFailure = { index: 0, code: 'INTERNAL', message: 'm', attempts: 1 };
    const row = toSegmentRow(segmentOf([3, 2], [failure]));
    const other = (column: number, value: unknown) =>
      row.map((was, at) => (at === column ? value : was));
    for (const column of row.keys()) {
      const was = row[column];
      const change = typeof was === 'number' ? was + 1 : Uint8Array.of(0b00_10);
      expect(() => fromSegmentRow(other(column, change))).toThrow('fails its checksum');
    }
    expect(() => fromSegmentRow(undefined)).toThrow('not a list');
  });
});
