import { describe, expect, it } from 'vitest';

import type { Entry } from '../../src/model/entry.ts';
import { objectKey } from '../../src/model/object-key.ts';
import { largeAtOnce, Lanes } from '../../src/run/lanes.ts';

const MIB = 2 ** 20;
const all = () => true;

function entry(key: string, size?: number): Entry {
  return size === undefined ? { key: objectKey(key) } : { key: objectKey(key), size };
}

/** The keys in the order of their turns; `prefers` is told how many have had theirs. */
function order(lanes: Lanes, prefers: (turns: number) => boolean): string[] {
  const keys: string[] = [];
  while (lanes.isMore) {
    const turn = lanes.next(prefers(keys.length));
    keys.push(turn !== undefined && 'key' in turn.entry ? turn.entry.key : '-');
  }
  return keys;
}

const SIZED = [
  entry('a', 5),
  entry('b', 2 * MIB),
  entry('c'),
  entry('d', 9 * MIB),
  entry('e', MIB),
  entry('f', MIB - 1),
];

describe('the order in which a batch is begun', () => {
  it('is the list’s where it names no sizes', () => {
    const lanes = new Lanes([entry('c'), entry('a'), entry('b')], all, undefined);
    expect(order(lanes, () => true)).toEqual(['c', 'a', 'b']);
  });

  it('has large ones first, the largest before all, where one is wanted', () => {
    expect(order(new Lanes(SIZED, all, undefined), () => true)).toEqual([
      'd',
      'b',
      'e',
      'a',
      'c',
      'f',
    ]);
  });

  it('lets the others by while enough large ones are under way', () => {
    const lanes = new Lanes(SIZED, all, undefined);
    expect(order(lanes, (turns) => turns === 0 || turns === 3)).toEqual([
      'd',
      'a',
      'c',
      'b',
      'f',
      'e',
    ]);
  });

  it('has only what is open, and at its index', () => {
    const lanes = new Lanes(SIZED, (index) => index !== 3 && index !== 0, undefined);
    expect(lanes.next(true)).toMatchObject({ index: 1, isLarge: true });
    expect(lanes.next(false)).toMatchObject({ index: 2, isLarge: false });
    expect(order(lanes, () => false)).toEqual(['f', 'e']);
    expect(lanes.next(true)).toBeUndefined();
  });

  it('tells which key stands behind itself in the list, however late its turn is', () => {
    const twice = [entry('a', 3 * MIB), entry('a'), entry('b'), entry('b', 2 * MIB), entry('a')];
    const lanes = new Lanes(twice, all, objectKey('a'));
    const repeats: number[] = [];
    while (lanes.isMore) {
      const turn = lanes.next(true);
      if (turn?.isRepeat === true) repeats.push(turn.index);
    }
    expect(repeats.toSorted()).toEqual([0, 1, 3]);
    expect(lanes.lastKey).toBe('a');
  });

  it('has turns for lines that hold no key, which part nothing', () => {
    const bad = { invalid: { key: '' }, reason: 'it is empty' };
    const lanes = new Lanes([entry('a'), bad, entry('a')], all, undefined);
    const turns = [lanes.next(true), lanes.next(true), lanes.next(true)];
    expect(turns.map((turn) => turn?.isRepeat)).toEqual([false, false, true]);
  });
});

it.each([
  [1, 1],
  [2, 1],
  [16, 8],
  [255, 127],
])('of %i places %i are for large objects', (level, large) => {
  expect(largeAtOnce(level)).toBe(large);
});
