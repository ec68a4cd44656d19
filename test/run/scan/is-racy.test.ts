import { describe, expect, it } from 'vitest';
import { isRacy } from '../../../src/run/scan/is-racy.ts';

/** 18:01:00, and some seconds. */
const at = (seconds: number): number => Date.UTC(2026, 10, 21, 18, 1, 0) + seconds * 1000;
const [SECOND, MINUTE] = [1000, 60_000];

/** Seconds; the date is 18:01:00, listed in steps of `step`, the scan's own clock is far off. */
const LISTED: readonly [what: string, step: number, asOf: number, racy: boolean][] = [
  ['in the minute of its date', MINUTE, 59, true],
  ['a second after that minute: its answer’s Date may be so much late', MINUTE, 60.999, true],
  ['two seconds after it', MINUTE, 61, false],
  ['in the second of its date', SECOND, 0, true],
  ['in the next second', SECOND, 1.999, true],
  ['two seconds after its date', SECOND, 2, false],
  ['before its date', SECOND, -3600, true],
];

describe('an object without an ETag', () => {
  it.each(LISTED)('that is listed %s', (_, resolutionMs, asOf, racy) => {
    const found = { lastModifiedMs: at(0), resolutionMs };
    expect(isRacy(found, { asOfMs: at(asOf), nowMs: at(1_000_000) })).toBe(racy);
    // A size tells nothing: edits may keep it.
    expect(isRacy({ ...found, size: 5 }, { asOfMs: at(asOf), nowMs: at(0) })).toBe(racy);
  });

  it.each([
    [0, SECOND, true],
    [299, SECOND, true],
    [300, SECOND, false],
    [-60, SECOND, true],
    [300, 600 * SECOND, true],
    [601, 600 * SECOND, false],
  ])(
    'and no time of its listing is judged by the scan’s clock: %i s later, step %i ms',
    (seconds, resolutionMs, racy) => {
      const found = { lastModifiedMs: at(0), resolutionMs };
      expect(isRacy(found, { asOfMs: undefined, nowMs: at(seconds) })).toBe(racy);
    },
  );

  it('and without a date has nothing that could be the same after an edit', () => {
    expect(isRacy({ size: 5 }, { asOfMs: at(0), nowMs: at(0) })).toBe(false);
  });
});

it('an ETag tells versions apart, however young they are', () => {
  const found = { etag: '"e"', lastModifiedMs: at(0), resolutionMs: MINUTE };
  expect(isRacy(found, { asOfMs: at(0), nowMs: at(0) })).toBe(false);
});
