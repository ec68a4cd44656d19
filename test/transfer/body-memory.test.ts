import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { byteBudget } from '../../src/guard/byte-budget.ts';
import type { BodyMemory } from '../../src/model/body-memory.ts';
import type { Bucket } from '../../src/model/bucket.ts';
import { Failure } from '../../src/model/failure.ts';
import { objectKey } from '../../src/model/object-key.ts';
import type { Origin } from '../../src/model/origin.ts';
import { transferObject } from '../../src/transfer/transfer-object.ts';
import type { TransferOutcome } from '../../src/transfer/transfer-outcome.ts';
import { faultOrigin } from '../support/fault-origin.ts';
import { testOrigin } from '../support/fault-origin-adapter.ts';
import { memoryBucket } from '../support/memory-bucket.ts';
import { scriptedOrigin } from '../support/scripted-origin.ts';
import { storeSettings } from '../support/settings.ts';

const MIB = 2 ** 20;
const never = new AbortController().signal;
const key = objectKey('k');

async function transfer(
  source: Origin,
  memory: BodyMemory,
  bucket: Bucket = memoryBucket(),
): Promise<TransferOutcome> {
  const request = {
    key,
    originKey: 'k',
    query: '',
    url: undefined,
    headers: {},
    unless: undefined,
    onRequest: () => undefined,
  };
  const store = storeSettings({});
  const fixed = { entry: { key }, ifAbsent: true, stored: undefined };
  return transferObject({ ...fixed, source, request, bucket, store, memory }, never);
}

test('a small body is reserved by its declared length until it is stored', async () => {
  const budget = byteBudget(8 * MIB);
  const bucket = memoryBucket();
  const reserved: number[] = [];
  const watching: Bucket = {
    ...bucket,
    putBytes: async (...put) => {
      reserved.push(budget.usage().reservedBytes);
      return bucket.putBytes(...put);
    },
  };
  await transfer(scriptedOrigin([{ body: Buffer.alloc(1000) }]), budget, watching);
  expect(reserved).toEqual([1000]);
  expect(budget.usage().reservedBytes).toBe(0);
});

test('a small body that is refused gives its memory back', async () => {
  const budget = byteBudget(8 * MIB);
  const cut = { body: Buffer.alloc(999), length: 1000 };
  await expect(transfer(scriptedOrigin([cut]), budget)).rejects.toThrow('999');
  expect(budget.usage().reservedBytes).toBe(0);
});

test('a small body that waits long for memory does not make the origin time out', async () => {
  const budget = byteBudget(8 * MIB);
  const origin = await faultOrigin();
  const timeouts = { connectMs: 5_000, firstByteMs: 5_000, idleMs: 250 };
  const source = testOrigin(`${origin.url}/`, { timeouts });
  try {
    origin.script('/k', { body: 'x'.repeat(900_000) });
    const kept = await budget.reserve(budget.limitBytes + MIB, never);
    const rest = await budget.reserve(MIB, never);
    const moved = transfer(source, budget);
    await sleep(600);
    expect(budget.usage().waiting).toBe(1);
    kept.release();
    expect(await moved).toMatchObject({ outcome: 'copied', bytes: 900_000 });
    rest.release();
  } finally {
    await source.close();
    await origin.close();
  }
});

/** Breaks off in the first try; the second one begins after `pause`, and calls `during` midway. */
function breakingOrigin(pause: Promise<void>, during: () => Promise<void>): Origin {
  const script = scriptedOrigin([
    { body: Buffer.alloc(2 * MIB, 'a') },
    { body: Buffer.alloc(2 * MIB, 'b') },
  ]);
  return {
    ...script,
    read: async (request, reader, signal) => {
      const broken = script.read(
        request,
        async (answer) => {
          const pipeTo: typeof answer.pipeTo = async (sink) => {
            await sink(Buffer.alloc(1000, 'a'));
            throw new Failure('LENGTH_MISMATCH', 'broken');
          };
          return reader({ ...answer, pipeTo, lendTo: pipeTo });
        },
        signal,
      );
      await broken.catch(() => undefined);
      await pause;
      return script.read(
        request,
        async (answer) => {
          const pipeTo: typeof answer.pipeTo = async (sink) => {
            await during();
            return answer.pipeTo(sink);
          };
          return reader({ ...answer, pipeTo, lendTo: pipeTo });
        },
        signal,
      );
    },
  };
}

test('what a broken try has staged is given up when somebody waits for memory', async () => {
  const budget = byteBudget(8 * MIB);
  const bucket = memoryBucket();
  let goOn = (): void => undefined;
  const pause = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const moved = transfer(
    breakingOrigin(pause, () => Promise.resolve()),
    budget,
    bucket,
  );
  await vi.waitFor(() => {
    expect(bucket.openUploads()).toBe(1);
  });
  const kept = await budget.reserve(budget.limitBytes, never);
  expect(bucket.openUploads()).toBe(1);
  const late = Promise.resolve(budget.reserve(2 * MIB, never));
  await vi.waitFor(() => {
    expect(bucket.openUploads()).toBe(0);
  });
  kept.release();
  (await late).release();
  goOn();
  expect((await moved).outcome).toBe('copied');
  expect(bucket.contents.get('k')?.equals(Buffer.alloc(2 * MIB, 'b'))).toBe(true);
});

test('what the next try works with is not given up any more', async () => {
  const budget = byteBudget(8 * MIB);
  const bucket = memoryBucket();
  const open: number[] = [];
  const origin = breakingOrigin(Promise.resolve(), async () => {
    const kept = await budget.reserve(budget.limitBytes, never);
    const late = Promise.resolve(budget.reserve(2 * MIB, never));
    await sleep(10);
    open.push(bucket.openUploads());
    kept.release();
    (await late).release();
  });
  expect((await transfer(origin, budget, bucket)).outcome).toBe('copied');
  expect(open).toEqual([1]);
});
