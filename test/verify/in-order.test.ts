import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InOrder } from '../../src/verify/in-order.ts';

/** Jobs that end when they are told to. */
function jobs(): {
  readonly job: (value: number) => () => Promise<number>;
  readonly end: (value: number) => Promise<void>;
} {
  const ends = new Map<number, () => void>();
  return {
    job: (value) => () =>
      new Promise((resolve) => {
        ends.set(value, () => {
          resolve(value);
        });
      }),
    end: async (value) => {
      ends.get(value)?.();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

describe('results in order', () => {
  it('come as they were put in, whatever ends first', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.option(fc.nat({ max: 3 }), { nil: undefined }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 5 }),
        async (turns, atOnce) => {
          const given: number[] = [];
          let most = 0;
          const order = new InOrder<number>(atOnce, (value) => given.push(value));
          for (const [index, turn] of turns.entries()) {
            await order.room();
            if (turn === undefined) order.put(index);
            else {
              order.start(async () => {
                for (let left = turn; left > 0; left -= 1) await Promise.resolve();
                return index;
              });
            }
            most = Math.max(most, order.inFlight);
          }
          await order.end();
          expect(given).toEqual(turns.map((_, index) => index));
          expect(most).toBeLessThanOrEqual(atOnce);
        },
      ),
    );
  });

  it('that are there at once are given at once, and wait behind one that is not', async () => {
    const given: number[] = [];
    const { job, end } = jobs();
    const order = new InOrder<number>(2, (value) => given.push(value));
    order.put(1);
    expect(given).toEqual([1]);
    order.start(job(2));
    order.put(3);
    expect(given).toEqual([1]);
    await end(2);
    expect(given).toEqual([1, 2, 3]);
    await order.end();
  });

  it('that wait are bounded too: who puts in waits for the first', async () => {
    const { job, end } = jobs();
    const order = new InOrder<number>(2, () => undefined);
    order.start(job(0));
    let put = 1;
    while (order.room() === undefined) order.put(put++);
    expect(put).toBe(32);
    const waiting = order.room();
    await end(0);
    await waiting;
    expect(order.room()).toBeUndefined();
  });

  it('end with the first failure, when nothing is at work any more', async () => {
    const { job, end } = jobs();
    const order = new InOrder<number>(3, () => undefined);
    order.start(job(1));
    order.start(() => Promise.reject(new Error('broken')));
    const ending = order.end();
    let isOver = false;
    ending.catch(() => {
      isOver = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isOver).toBe(false);
    await end(1);
    await expect(ending).rejects.toThrow('broken');
    await expect(order.room()).rejects.toThrow('broken');
  });
});
