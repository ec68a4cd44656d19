import { expect, test } from 'vitest';
import type { GaugeKey } from '../../src/model/gauge-store.ts';
import { LatestKeys } from '../../src/serve/gauge/latest-keys.ts';

const key = (name: string, timeMs: number): GaugeKey => ({
  key: name,
  rule: 'all',
  mark: 'MISS',
  timeMs,
});

const kept = (keys: LatestKeys): string[] => keys.list().map((one) => `${one.key}@${one.timeMs}`);

test('a key that comes again is new again: others are dropped before it', () => {
  const keys = new LatestKeys(2);
  for (const [name, timeMs] of [
    ['a', 1],
    ['b', 2],
    ['a', 3],
    ['c', 4],
  ] as const) {
    keys.note(key(name, timeMs));
  }
  expect(kept(keys)).toEqual(['a@3', 'c@4']);
});

test('an earlier time of a key that is there says nothing', () => {
  const keys = new LatestKeys(2);
  keys.note(key('a', 5));
  keys.note(key('a', 4));
  expect(kept(keys)).toEqual(['a@5']);
});

test('what is older than wanted is dropped, what is as old is not', () => {
  const keys = new LatestKeys(9);
  for (const timeMs of [1, 2, 3]) keys.note(key(`k${timeMs}`, timeMs));
  keys.dropBefore(2);
  expect(kept(keys)).toEqual(['k2@2', 'k3@3']);
});
