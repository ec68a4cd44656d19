import { beforeEach, describe, expect, it } from 'vitest';
import { Silence, type Standing } from '../../src/run/silence.ts';

const busy: Standing = { inFlight: 16, waiting: 0, waitingRules: [] };
let silence: Silence;

beforeEach(() => {
  silence = new Silence();
});

/** Looks every quarter of a second. @returns the lines, and when they came. */
function watch(
  fromMs: number,
  toMs: number,
  done: (ms: number) => number,
  standing = busy,
): [number, string][] {
  const lines: [number, string][] = [];
  for (let ms = fromMs; ms <= toMs; ms += 250) {
    const line = silence.look(ms, done(ms), () => standing);
    if (line !== undefined) lines.push([ms, line]);
  }
  return lines;
}

describe('a job that makes no progress', () => {
  it('says so after a minute, and again after each further one', () => {
    expect(watch(0, 185_000, () => 5)).toEqual([
      [
        60_000,
        'no progress for 60 s: 16 objects are in flight, no object was finished and no byte came',
      ],
      [120_000, expect.stringContaining('no progress for 120 s')],
      [180_000, expect.stringContaining('no progress for 180 s')],
    ]);
  });

  it('says nothing while anything moves, however little', () => {
    expect(watch(0, 600_000, (ms) => Math.floor(ms / 59_000))).toEqual([]);
  });

  it('counts from the last progress on', () => {
    const lines = watch(0, 100_000, (ms) => (ms < 30_000 ? 0 : 1));
    expect(lines.map(([ms]) => ms)).toEqual([90_000]);
  });

  it('tells minutes that were slept through once', () => {
    silence.look(0, 0, () => busy);
    expect(silence.look(600_000, 0, () => busy)).toContain('no progress for 600 s');
    expect(silence.look(600_250, 0, () => busy)).toBeUndefined();
  });

  it('begins anew where the system clock is set back', () => {
    silence.look(1_000_000, 0, () => busy);
    expect(watch(0, 60_000, () => 0).map(([ms]) => ms)).toEqual([60_000]);
  });

  it.each<readonly [string, Standing, string]>([
    [
      'rules whose addresses are down',
      { inFlight: 20, waiting: 12, waitingRules: ['video', 'img'] },
      '20 objects are in flight, of which 12 wait for an address of rule video, rule img to come back',
    ],
    [
      'one of one',
      { inFlight: 1, waiting: 1, waitingRules: ['a'] },
      '1 object is in flight, of which 1 waits for an address of rule a to come back',
    ],
    [
      'another process',
      { inFlight: 9, waiting: 2, waitingRules: [], holders: ['serve pid 7 on h'] },
      '9 objects are in flight, of which 2 wait for serve pid 7 on h to store what it fetches',
    ],
    [
      'both',
      {
        inFlight: 9,
        waiting: 2,
        waitingRules: ['a'],
        holders: ['serve pid 7 on h', 'migrate job j'],
      },
      '9 objects are in flight, of which 2 wait for an address of rule a to come back, or for serve pid 7 on h, migrate job j to store what it fetches',
    ],
    [
      'keys',
      { inFlight: 0, waiting: 0, waitingRules: [] },
      "no object is in flight; it waits for keys, for the bucket's listing or for the output to be read",
    ],
  ])('says what it waits for: %s', (_, standing, expected) => {
    expect(watch(0, 60_000, () => 0, standing)).toEqual([
      [60_000, `no progress for 60 s: ${expected}`],
    ]);
  });
});
