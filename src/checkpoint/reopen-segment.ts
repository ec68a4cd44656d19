import { ENTRY_FAILED, ENTRY_OPEN, type SegmentRecord } from '../model/checkpoint.ts';

/** Two bits hold an entry's state, so a byte holds four. */
const BITS = 2;
const MASK = 0b11;
const SHIFTS = [0, BITS, 2 * BITS, 3 * BITS];

/** The segment with its failed entries open, and all others as they are. */
export function reopenSegment(segment: SegmentRecord): SegmentRecord {
  if (segment.failed === 0) return segment;
  const outcomes = segment.outcomes.map(reopenByte);
  return { ...segment, outcomes, failures: [], closed: false, failed: 0 };
}

function reopenByte(byte: number): number {
  const states = SHIFTS.map((shift) => [(byte >> shift) & MASK, shift] as const);
  return states.reduce(
    (opened, [state, shift]) => opened | ((state === ENTRY_FAILED ? ENTRY_OPEN : state) << shift),
    0,
  );
}
