import { expect, test } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import type { Origin } from '../../src/model/origin.ts';
import type { PendingFill, PendingFills } from '../../src/model/pending-fills.ts';
import { memoryPendingFills } from '../support/memory-pending-fills.ts';
import { scriptedOrigin } from '../support/scripted-origin.ts';
import { frontUnderTest } from './front-under-test.ts';

/** Pending fills that tell what was recorded. */
function noted(): { readonly pending: PendingFills; readonly recorded: PendingFill[] } {
  const { pending } = memoryPendingFills().open();
  const recorded: PendingFill[] = [];
  const record = (fill: PendingFill): Promise<void> => {
    recorded.push(fill);
    return pending.record(fill);
  };
  return { pending: { ...pending, record }, recorded };
}

const status = async (url: string): Promise<number> =>
  (await fetch(`${url}/k`, { redirect: 'manual' })).status;

test('all who come while a fetch is under way are promised the same one, written down once', async () => {
  let letGo = (): void => undefined;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  const gone: Origin = {
    ...scriptedOrigin([]),
    read: async () => {
      await held;
      throw new Failure('ORIGIN_NOT_FOUND', 'it is gone');
    },
  };
  const { pending, recorded } = noted();
  const proxy = await frontUnderTest({ origin: gone, action: 'redirectAndFetch', pending });
  const answers = await Promise.all(Array.from({ length: 5 }, () => status(proxy.url)));
  expect(answers).toEqual([302, 302, 302, 302, 302]);
  expect(recorded.map(({ key }) => key)).toEqual(['k']);
  letGo();
  await proxy.fills.settled();
  await expect.poll(() => pending.all()).toEqual([]);
  expect(await status(proxy.url)).toBe(302);
  expect(recorded).toHaveLength(2);
  await proxy.close();
});

test('a promise that can not be written down is not made, and the next one is tried again', async () => {
  const { pending, recorded } = noted();
  let isFull = true;
  const record = (fill: PendingFill): Promise<void> =>
    isFull ? Promise.reject(new Failure('BUCKET_REFUSED', 'full')) : pending.record(fill);
  const proxy = await frontUnderTest({
    action: 'redirectAndFetch',
    pending: { ...pending, record },
  });
  expect(await status(proxy.url)).not.toBe(302);
  isFull = false;
  expect(await status(proxy.url)).toBe(302);
  expect(recorded).toHaveLength(1);
  await proxy.close();
});
