import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { TokenBucket } from '../../src/guard/token-bucket.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';
import { never } from './scripted-origin.ts';

let clock: FakeClock;

beforeEach(() => {
  clock = fakeClock();
});

interface Passed {
  readonly atMs: number;
  readonly tokens: number;
}

/** Lets `workers` take chunks from a bucket one after the other until the time is over. */
async function takeFor(
  ms: number,
  perSecond: number,
  chunks: readonly number[],
  workers: number,
): Promise<Passed[]> {
  const time = fakeClock();
  const bucket = new TokenBucket(perSecond, 1, time);
  const startMs = time.now();
  const passed: Passed[] = [];
  const over = new AbortController();
  let next = 0;
  const work = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const tokens = chunks[next++ % chunks.length] ?? 1;
      await bucket.take(tokens, over.signal);
      passed.push({ atMs: time.now() - startMs, tokens });
    }
  };
  const working = Array.from({ length: workers }, () => work().catch(() => undefined));
  await time.advance(ms);
  over.abort(new Error('over'));
  await Promise.all(working);
  return passed;
}

/** The most that passed in any stretch of `ms`. */
function mostIn(ms: number, passed: readonly Passed[]): number {
  const sums = passed.map(({ atMs: from }) =>
    passed
      .filter(({ atMs }) => atMs >= from && atMs < from + ms)
      .reduce((sum, { tokens }) => sum + tokens, 0),
  );
  return Math.max(0, ...sums);
}

describe('a rate', () => {
  it('holds within 5 % in every stretch of 10 s, whatever the chunks are, and is used up', async () => {
    const rates = fc.integer({ min: 1, max: 40 });
    const sizes = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(rates, sizes, fc.integer({ min: 1, max: 4 }), async (rate, of, workers) => {
        const perSecond = rate * 1000;
        // Chunks up to a fifth of a second.
        const chunks = of.map((size) => size * rate * 2);
        const passed = await takeFor(15_000, perSecond, chunks, workers);
        expect(mostIn(10_000, passed)).toBeLessThanOrEqual(10 * perSecond * 1.05);
        const all = passed.reduce((sum, { tokens }) => sum + tokens, 0);
        expect(all).toBeGreaterThanOrEqual(15 * perSecond * 0.95);
      }),
      { numRuns: 12 },
    );
  });

  it('lets no more than a fifth of a second through at once after a rest', async () => {
    const bucket = new TokenBucket(1000, 1, clock);
    await clock.advance(60_000);
    let passed = 0;
    while (passed < 10_000 && bucket.take(10, never()) === undefined) passed += 10;
    expect(passed).toBe(200);
  });

  it('lets a chunk through that is larger than the bucket, in its own time', async () => {
    const bucket = new TokenBucket(1000, 1, clock);
    const taken = bucket.take(5200, never());
    let isThrough = false;
    const through = taken?.then(() => (isThrough = true));
    await clock.advance(4999);
    expect(isThrough).toBe(false);
    await clock.advance(1);
    await through;
    expect(bucket.take(1, never())).toBeInstanceOf(Promise);
  });

  it('may be tiny: one in ten seconds, the first at once', async () => {
    const passed = await takeFor(60_000, 0.1, [1], 2);
    expect(passed.map(({ atMs }) => atMs)).toEqual([
      0, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000,
    ]);
  });

  it('may be beyond what a timer can wait for', async () => {
    const bucket = new TokenBucket(1e-9, 1, clock);
    expect(bucket.take(1, never())).toBeUndefined();
    const abort = new AbortController();
    const taken = bucket.take(1, abort.signal);
    await clock.settle();
    expect(clock.sleeps).toEqual([2 ** 31 - 1]);
    abort.abort(new Error('enough'));
    await expect(taken).rejects.toThrow('enough');
  });

  it('serves those who wait in their order, the small one behind the large one', async () => {
    const bucket = new TokenBucket(1000, 1, clock);
    const order: string[] = [];
    const large = bucket.take(2000, never())?.then(() => order.push('large'));
    const small = bucket.take(1, never())?.then(() => order.push('small'));
    await clock.advance(1700);
    expect(order).toEqual([]);
    await clock.advance(200);
    await Promise.all([large, small]);
    expect(order).toEqual(['large', 'small']);
  });

  it('takes nothing from those who give up, and lets the next ones move on', async () => {
    const bucket = new TokenBucket(1000, 1, clock);
    const abort = new AbortController();
    const large = bucket.take(100_000, abort.signal)?.catch((error: unknown) => error);
    const small = bucket.take(300, never());
    await clock.settle();
    abort.abort(new Error('gone'));
    expect(await large).toEqual(new Error('gone'));
    await clock.advance(100);
    await small;
    await clock.settle();
    expect(clock.sleepers()).toBe(0);
  });

  it('makes the next ones wait for what was used without asking', async () => {
    const bucket = new TokenBucket(10, 1, clock);
    bucket.charge(6);
    let isThrough = false;
    const through = bucket.take(1, never())?.then(() => (isThrough = true));
    await clock.advance(499);
    expect(isThrough).toBe(false);
    await clock.advance(1);
    await through;
  });

  it('goes on where the system clock is set back', () => {
    let nowMs = 1_000_000;
    const bucket = new TokenBucket(1000, 1, { ...clock, now: () => nowMs });
    expect(bucket.take(200, never())).toBeUndefined();
    nowMs -= 500_000;
    bucket.charge(0);
    nowMs += 100;
    expect(bucket.take(100, never())).toBeUndefined();
  });
});
