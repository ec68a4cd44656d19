import { describe, expect, it } from 'vitest';
import { ConcurrencyTuner, FEWEST_AT_ONCE, MOST_AT_ONCE } from '../../src/run/concurrency-tuner.ts';

const TICK_MS = 250;
const STEP_MS = 5;

/** Objects a second that are done at `level`, `ms` after the start. */
type Speed = (level: number, ms: number) => number;

/** An origin that takes so long for each object, and as many at once as one likes, up to `most`. */
const latency =
  (latencyMs: number, most = Infinity): Speed =>
  (level) =>
    (Math.min(level, most) / latencyMs) * 1000;

/** One that does so many objects a second and no more. */
const bound =
  (latencyMs: number, perSecond: number): Speed =>
  (level) =>
    Math.min((level / latencyMs) * 1000, perSecond);

/** Even numbers in [-1, 1), the same in each run. */
function noise(): () => number {
  let state = 12345;
  return () => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return state / 2 ** 30 - 1;
  };
}

interface Play {
  readonly seconds: number;
  readonly bytesAnObject?: number;
  /** Share by which the speed of each tick is off, at most. */
  readonly noise?: number;
  /** Whether the thread has no time left at a level; absent: it always has. */
  readonly saturated?: (level: number) => boolean;
}

/** Lets a tuner lead a simulated run. @returns what was done, and each tick's level. */
function play(
  speed: Speed,
  { seconds, bytesAnObject = 1000, noise: share = 0, saturated = () => false }: Play,
) {
  const tuner = new ConcurrencyTuner();
  const chance = noise();
  const levels: number[] = [];
  let settled = 0;
  for (let ms = 0; ms <= seconds * 1000; ms += TICK_MS) {
    const bytes = Math.floor(settled * bytesAnObject);
    tuner.sample({
      nowMs: ms,
      settled: Math.floor(settled),
      bytes,
      busy: true,
      saturated: saturated(tuner.level),
    });
    levels.push(tuner.level);
    const factor = 1 + share * chance();
    for (let step = 0; step < TICK_MS; step += STEP_MS) {
      settled += (factor * speed(tuner.level, ms + step) * STEP_MS) / 1000;
    }
  }
  return { settled, levels, level: tuner.level };
}

/** What the best fixed level would have done. */
function best(speed: Speed, seconds: number): number {
  const levels = Array.from({ length: MOST_AT_ONCE }, (_, index) => index + 1);
  const done = levels.map((level) => {
    let sum = 0;
    for (let ms = 0; ms < seconds * 1000; ms += STEP_MS) sum += (speed(level, ms) * STEP_MS) / 1000;
    return sum;
  });
  return Math.max(...done);
}

describe('a run that finds its own concurrency', () => {
  it('does at least 0.9 of what the best fixed one does with an origin that takes 100 ms', () => {
    const origin = latency(100, 64);
    expect(play(origin, { seconds: 10 }).settled).toBeGreaterThan(0.9 * best(origin, 10));
  });

  it.each<readonly [string, Speed, number]>([
    ['100 ms, as many as one likes', latency(100), 30],
    ['500 ms', latency(500), 120],
    ['20 ms and at most 8 at once', latency(20, 8), 30],
    ['100 ms and at most 200 at once', latency(100, 200), 30],
    ['2 ms, bound at 2000 a second', bound(2, 2000), 30],
    ['50 ms, bound at 500 a second', bound(50, 500), 30],
    [
      '100 ms, and slower the more above 40 at once',
      (level) => Math.min(level * 10, 400) / Math.max(1, level / 80),
      60,
    ],
  ])(
    'does so with %s, also where the speed of each moment is off by 10 %%',
    (_, speed, seconds) => {
      const least = 0.9 * best(speed, seconds);
      expect(play(speed, { seconds }).settled).toBeGreaterThan(least);
      expect(play(speed, { seconds, noise: 0.1 }).settled).toBeGreaterThan(0.97 * least);
    },
  );

  it('begins with 16 and doubles while that brings more', () => {
    expect(play(latency(100), { seconds: 2 }).levels.slice(0, 6)).toEqual([
      16, 32, 64, 128, 256, 256,
    ]);
  });

  it('stays within its borders', () => {
    const { levels } = play(latency(100), { seconds: 300, noise: 0.5 });
    expect(Math.max(...levels)).toBe(MOST_AT_ONCE);
    const slow = play((level) => 100 / level, { seconds: 300 });
    expect(slow.level).toBeLessThanOrEqual(6);
    expect(Math.min(...slow.levels)).toBe(FEWEST_AT_ONCE);
  });

  it('does not collapse where more at once never changes anything', () => {
    const flat = play(() => 3000, { seconds: 600, noise: 0.3 });
    expect(Math.min(...flat.levels)).toBeGreaterThanOrEqual(FEWEST_AT_ONCE);
    const origin = bound(4, 3000);
    expect(play(origin, { seconds: 600, noise: 0.3 }).settled).toBeGreaterThan(
      0.85 * best(origin, 600),
    );
  });

  it('goes back when more at once make everything slower, and finds the new level', () => {
    const turning: Speed = (level, ms) =>
      ms < 20_000 ? level * 10 : Math.min(level * 10, 320) / Math.max(1, level / 32);
    const { levels } = play(turning, { seconds: 120 });
    expect(levels[20_000 / TICK_MS]).toBe(MOST_AT_ONCE);
    expect(levels.at(-1)).toBeLessThan(80);
  });

  it('stays where it is distance that bounds the speed, once it is there', () => {
    const { levels } = play(latency(200), { seconds: 120, noise: 0.1 });
    const settled = levels.slice(10_000 / TICK_MS);
    const atTop = settled.filter((level) => level === MOST_AT_ONCE).length;
    expect(atTop / settled.length).toBeGreaterThan(0.95);
  });

  it('comes back up after the origin was slow for a while', () => {
    const dip: Speed = (level, ms) => (ms > 10_000 && ms < 40_000 ? 20 : level * 10);
    const { levels } = play(dip, { seconds: 120 });
    expect(levels.at(-1)).toBeGreaterThan(150);
  });

  it('goes by the bytes where objects are too large for any to be finished soon', () => {
    const large = play(bound(60_000, 1), { seconds: 120, bytesAnObject: 2 ** 30 });
    expect(large.level).toBeGreaterThanOrEqual(48);
  });

  it('goes no higher where the thread itself has no time left, however warm it gets', () => {
    // A program that has just started gets faster by itself for a while.
    const warming: Speed = (level, ms) => Math.min(level / 0.002, 1000 + ms / 2);
    const { levels } = play(warming, { seconds: 20, saturated: (level) => level >= 16 });
    expect(Math.max(...levels)).toBeLessThanOrEqual(24);
    const unaware = play(warming, { seconds: 20 });
    expect(Math.max(...unaware.levels)).toBeGreaterThanOrEqual(32);
  });

  it('goes up all the same where the thread has time again', () => {
    const { level } = play(latency(100), { seconds: 20, saturated: (at) => at > 64 });
    expect(level).toBeGreaterThanOrEqual(64);
  });

  it('is not misled by a machine that is busy with other things', () => {
    const origin = latency(100, 64);
    const done = play(origin, { seconds: 120, noise: 0.6 });
    expect(done.settled).toBeGreaterThan(0.9 * best(origin, 120));
  });

  it('does not take one bad moment for the end of the ramp', () => {
    const origin: Speed = (level, ms) => (level / 100) * (ms >= 250 && ms < 500 ? 500 : 1000);
    expect(play(origin, { seconds: 2 }).levels.slice(0, 7)).toEqual([
      16, 32, 32, 64, 128, 256, 256,
    ]);
  });

  it('learns nothing from times when workers had nothing to do, or nothing moved', () => {
    const tuner = new ConcurrencyTuner();
    for (let ms = 0; ms < 60_000; ms += TICK_MS) {
      tuner.sample({ nowMs: ms, settled: ms, bytes: 0, busy: ms % 500 !== 0, saturated: false });
    }
    expect(tuner.level).toBe(16);
    for (let ms = 60_000; ms < 120_000; ms += TICK_MS) {
      tuner.sample({ nowMs: ms, settled: 59_750, bytes: 0, busy: true, saturated: false });
    }
    expect(tuner.level).toBe(16);
  });
});

it('goes on finding its level when the clock is set back', () => {
  const tuner = new ConcurrencyTuner();
  let [nowMs, settled] = [1e12, 0];
  const tick = (): number => {
    const level = tuner.sample({
      nowMs,
      settled,
      bytes: settled * 1000,
      busy: true,
      saturated: false,
    });
    nowMs += TICK_MS;
    settled += level * 20;
    return level;
  };
  tick();
  const before = tuner.level;
  nowMs -= 3_600_000;
  const after = Array.from({ length: 240 }, tick);
  expect(Math.max(...after)).toBeGreaterThan(before);
});
