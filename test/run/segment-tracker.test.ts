import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  ENTRY_COPIED,
  ENTRY_FAILED,
  ENTRY_OPEN,
  ENTRY_SKIPPED,
} from '../../src/model/checkpoint.ts';
import type { ObjectOutcome } from '../../src/model/event.ts';
import { entryState, openSegment, SegmentTracker } from '../../src/run/segment-tracker.ts';

const OUTCOMES: Record<string, ObjectOutcome> = {
  copied: {
    outcome: 'copied',
    rule: 'r',
    bytes: 1,
    origin: 'o',
    attempts: 1,
    etag: 'e',
    lengthVerified: true,
  },
  skipped: { outcome: 'skipped', rule: 'r', reason: 'exists' },
  failed: { outcome: 'failed', rule: 'r', code: 'ORIGIN_STATUS', message: 'm', attempts: 2 },
};
const STATES: Record<string, number> = {
  open: ENTRY_OPEN,
  copied: ENTRY_COPIED,
  skipped: ENTRY_SKIPPED,
  failed: ENTRY_FAILED,
};

function tracker(entries: number): SegmentTracker {
  return new SegmentTracker(openSegment({ id: 0, start: 0, end: 9, prefixCrc: 1, entries }));
}

test('a record tells of every entry what became of it, in any order of settling', () => {
  const wish = fc.array(fc.constantFrom('open', 'copied', 'skipped', 'failed'), { maxLength: 40 });
  fc.assert(
    fc.property(wish, fc.nat(), (wanted, turn) => {
      const segment = tracker(wanted.length);
      const order = wanted.map((_, index) => (index * 7 + turn) % Math.max(wanted.length, 1));
      for (const index of new Set([...order, ...wanted.keys()])) {
        const outcome = OUTCOMES[wanted[index] ?? 'open'];
        if (outcome !== undefined) segment.settle(index, outcome);
      }
      const record = segment.record();
      const states = wanted.map((_, index) => entryState(record.outcomes, index));
      expect(states).toEqual(wanted.map((name) => STATES[name]));
      expect(record.closed).toBe(!wanted.includes('open'));
      expect(record.failures.length).toBe(record.failed);
      // What is written down can be taken up again.
      expect(new SegmentTracker(record).record()).toEqual(record);
    }),
  );
});

test('an entry is settled once', () => {
  const segment = tracker(3);
  segment.settle(1, OUTCOMES['copied'] ?? expect.fail());
  expect(() => {
    segment.settle(1, OUTCOMES['skipped'] ?? expect.fail());
  }).toThrow(/settled twice/);
});

test('a record does not change after it was given out', () => {
  const segment = tracker(5);
  const before = segment.record();
  segment.settle(4, OUTCOMES['failed'] ?? expect.fail());
  expect(before.closed).toBe(false);
  expect(entryState(before.outcomes, 4)).toBe(ENTRY_OPEN);
  expect(before.failures).toEqual([]);
});
