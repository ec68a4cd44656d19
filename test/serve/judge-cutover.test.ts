import { describe, expect, test } from 'vitest';
import type { GaugeCount, GaugeKey, GaugeRecord } from '../../src/model/gauge-store.ts';
import { judgeCutover } from '../../src/serve/gauge/judge-cutover.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = Date.UTC(2026, 10, 20, 12, 30);
const THIS_HOUR_MS = Date.UTC(2026, 10, 20, 12);

const key = (name: string, agoMs: number, rule: string | null = 'all'): GaugeKey => ({
  key: name,
  rule,
  mark: 'MISS',
  timeMs: NOW_MS - agoMs,
});

const count = (
  hoursAgo: number,
  requests: number,
  neededOrigin: number,
  rule: string | null = 'all',
): GaugeCount => ({ hourMs: THIS_HOUR_MS - hoursAgo * HOUR_MS, rule, requests, neededOrigin });

/** Watched without a gap for 30 hours, with requests. */
const record = (changed: Partial<GaugeRecord>): GaugeRecord => ({
  watch: { sinceMs: NOW_MS - 30 * HOUR_MS, untilMs: NOW_MS },
  counts: [count(0, 10, 0)],
  keys: [],
  ...changed,
});

const watchedFor = (ms: number) => ({ sinceMs: NOW_MS - ms, untilMs: NOW_MS });
const some = (n: number) => Array.from({ length: n }, (_, index) => key(`k${index}`, 1));

describe('the verdict', () => {
  test.each<readonly [string, string, Partial<GaugeRecord>]>([
    [
      'is yes after a day in which no key needed an origin',
      'safe to switch off: yes, no key needed the origin in the last 24 h (since 2026-11-19 06:30 UTC)',
      {},
    ],
    [
      'names the last time that a key needed one',
      'safe to switch off: yes, no key needed the origin in the last 24 h (since 2026-11-19 11:30 UTC)',
      { keys: [key('old', 25 * HOUR_MS), key('older', 26 * HOUR_MS)] },
    ],
    [
      'is yes when the last key needed one exactly a day ago',
      'safe to switch off: yes, no key needed the origin in the last 24 h (since 2026-11-19 12:30 UTC)',
      { keys: [key('old', 24 * HOUR_MS)] },
    ],
    [
      'is no with a key of just under a day',
      'safe to switch off: no, 1 key needed the origin in the last 24 h',
      { keys: [key('a', 24 * HOUR_MS - 1)] },
    ],
    [
      'counts keys',
      'safe to switch off: no, 14 keys needed the origin in the last 24 h',
      { keys: some(14) },
    ],
    [
      'is exact up to ten thousand keys',
      'safe to switch off: no, 10,000 keys needed the origin in the last 24 h',
      { keys: some(10_000) },
    ],
    [
      'says of more keys than that only that they are more',
      'safe to switch off: no, more than 10,000 keys needed the origin in the last 24 h',
      { keys: some(10_001) },
    ],
    [
      'is no at once when a key needed an origin, however young the record',
      'safe to switch off: no, 1 key needed the origin in the last 24 h',
      { keys: some(1), watch: watchedFor(HOUR_MS) },
    ],
    [
      'waits for a full day of watching',
      'not yet: it has been watching for only 23 h',
      { watch: watchedFor(24 * HOUR_MS - 1) },
    ],
    [
      'says it in hours',
      'not yet: it has been watching for only 3 h',
      { watch: watchedFor(3.9 * HOUR_MS) },
    ],
    [
      'says less than an hour in minutes',
      'not yet: it has been watching for only 59 min',
      { watch: watchedFor(HOUR_MS - 1) },
    ],
    [
      'takes a watch that begins in the future for none',
      'not yet: it has been watching for only 0 min',
      { watch: { sinceMs: NOW_MS + HOUR_MS, untilMs: NOW_MS } },
    ],
    [
      'is not given for a time that nobody watched',
      'not yet: nothing has been watching since 2026-11-20 11:29 UTC',
      { watch: { sinceMs: 0, untilMs: NOW_MS - HOUR_MS - 1 } },
    ],
    [
      'is not given for a day without a request',
      'not yet: no request came in the last 24 h',
      { counts: [count(25, 10, 0)] },
    ],
    [
      'is not given where nothing was ever recorded',
      'not yet: it has not been watching so far',
      { watch: undefined, counts: [] },
    ],
  ])('%s', (_, text, changed) => {
    const { verdict } = judgeCutover(record(changed), NOW_MS);
    expect(verdict).toEqual({ safe: text.startsWith('safe to switch off: yes'), text });
  });
});

test('a window counts each clock hour that it touches, and keys of exactly its time', () => {
  const counts = [count(0, 1, 1), count(1, 10, 2), count(2, 100, 4), count(24, 1000, 8)];
  const keys = [key('a', HOUR_MS - 1), key('b', HOUR_MS), key('c', 167 * HOUR_MS)];
  const { windows } = judgeCutover(record({ counts, keys }), NOW_MS);
  const moreKeys = false;
  expect(windows).toEqual([
    { hours: 1, fromMs: THIS_HOUR_MS - HOUR_MS, requests: 11, neededOrigin: 3, keys: 1, moreKeys },
    {
      hours: 24,
      fromMs: THIS_HOUR_MS - 24 * HOUR_MS,
      requests: 1111,
      neededOrigin: 15,
      keys: 2,
      moreKeys,
    },
    {
      hours: 168,
      fromMs: THIS_HOUR_MS - 168 * HOUR_MS,
      requests: 1111,
      neededOrigin: 15,
      keys: 3,
      moreKeys,
    },
  ]);
});

test('each rule has its own windows, and the one that needs an origin most comes first', () => {
  const counts = [count(0, 5, 1, 'a'), count(0, 7, 3, 'b'), count(0, 9, 0, null)];
  const keys = [key('x', 1, 'b'), key('y', 1, 'b'), key('z', 1, 'gone')];
  const { perRule } = judgeCutover(record({ counts, keys }), NOW_MS);
  const day = perRule.map(({ rule, windows }) => [
    rule,
    windows[1]?.requests,
    windows[1]?.neededOrigin,
    windows[1]?.keys,
  ]);
  expect(day).toEqual([
    ['b', 7, 3, 2],
    ['a', 5, 1, 0],
    [null, 9, 0, 0],
    ['gone', 0, 0, 1],
  ]);
});

test('the hours are those of seven days, of all rules together, oldest first', () => {
  const counts = [count(0, 1, 1, 'a'), count(167, 3, 0), count(168, 9, 9), count(0, 2, 0, null)];
  const { byHour } = judgeCutover(record({ counts }), NOW_MS);
  expect(byHour).toEqual([
    { hourMs: THIS_HOUR_MS - 167 * HOUR_MS, requests: 3, neededOrigin: 0 },
    { hourMs: THIS_HOUR_MS, requests: 3, neededOrigin: 1 },
  ]);
});

test('the last keys are the latest twenty, latest first', () => {
  const keys = Array.from({ length: 30 }, (_, index) => key(`k${index}`, (index * 7) % 30));
  const { lastKeys } = judgeCutover(record({ keys }), NOW_MS);
  expect(lastKeys).toHaveLength(20);
  const agoMs = lastKeys.map(({ timeMs }) => NOW_MS - timeMs);
  expect(agoMs).toEqual(Array.from({ length: 20 }, (_, index) => index));
});
