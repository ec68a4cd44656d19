import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';

import { byteBudget, type ByteBudget } from '../../src/guard/byte-budget.ts';
import type { BodyMemory, ReservedMemory } from '../../src/model/body-memory.ts';
import type { WriteResult } from '../../src/model/bucket.ts';
import { objectKey } from '../../src/model/object-key.ts';
import { faultOrigin } from '../support/fault-origin.ts';
import { request, testClient } from '../support/fault-origin-client.ts';
import { s3UnderTest, type S3UnderTest } from './s3-under-test.ts';

const MIB = 2 ** 20;
const PART = 5 * MIB;
/** Each piece has one more, to begin anywhere in a word; it does not count. */
const WORD_BYTES = 8;
/** Four parts, and what beginnings may take beside them. */
const BUDGET = 24 * MIB;
const MULTIPART = { thresholdBytes: PART, partSizeBytes: PART, concurrency: 3 };
const NOTHING_BESIDE = { headers: {}, metadata: {} };
const { signal } = new AbortController();

/** A budget that counts for itself how many bytes lie in pieces that were not given back. */
function counting(budget: ByteBudget) {
  const inUse = new Map<ReservedMemory, number>();
  const seen = { mostBytes: 0, mostAllocated: 0 };
  const look = (memory: ReservedMemory): ReservedMemory => {
    const watched: ReservedMemory = {
      piece: (use, source) => {
        const piece = memory.piece(use, source);
        inUse.set(memory, piece.buffer.byteLength - WORD_BYTES);
        const bytes = [...inUse.values()].reduce((sum, size) => sum + size, 0);
        seen.mostBytes = Math.max(seen.mostBytes, bytes);
        seen.mostAllocated = Math.max(seen.mostAllocated, budget.usage().allocatedBytes);
        return piece;
      },
      release: () => {
        inUse.delete(memory);
        memory.release();
      },
      recycle: () => {
        inUse.delete(memory);
        memory.recycle();
      },
    };
    return watched;
  };
  const through = (memory: ReservedMemory | Promise<ReservedMemory>) =>
    memory instanceof Promise ? memory.then(look) : look(memory);
  const memory: BodyMemory = {
    limitBytes: budget.limitBytes,
    reserve: (bytes, stop) => through(budget.reserve(bytes, stop)),
    begin: (stop) => through(budget.begin(stop)),
    onWanted: (giveUp) => budget.onWanted(giveUp),
  };
  return { memory, seen };
}

let under: S3UnderTest;
let budget: ByteBudget;
afterEach(async () => {
  await under.destroy();
});

async function open(totalBytes = BUDGET) {
  budget = byteBudget(totalBytes);
  const counted = counting(budget);
  const bucket = { conditionalWrites: 'never', memory: counted.memory } as const;
  under = await s3UnderTest({ bucket });
  return counted.seen;
}

function bodyOf(index: number, size: number): Buffer {
  const line = createHash('sha256').update(String(index)).digest();
  return Buffer.alloc(size, line);
}

async function store(
  name: string,
  body: Buffer,
  length: number | undefined,
  stop = signal,
  multipart = MULTIPART,
): Promise<WriteResult> {
  const options = { ifAbsent: false, length, multipart };
  const upload = await under.bucket.openUpload(objectKey(name), NOTHING_BESIDE, options, stop);
  try {
    for (let at = 0; at < body.length; at += 262_139) {
      await upload.write(body.subarray(at, at + 262_139));
    }
    return await upload.commit();
  } finally {
    await upload.abort();
  }
}

const delayed = (times: number): void => {
  under.double.fail({
    operation: 'UploadPart',
    times,
    action: { kind: 'delay', delayMs: 5 },
  });
};

describe('uploads under one budget', () => {
  it('store all their bytes within it, however many, slow and broken their parts are', async () => {
    const seen = await open();
    under.double.fail(
      { operation: 'UploadPart', nth: 3, times: 2, action: { kind: 'reset' } },
      {
        operation: 'UploadPart',
        nth: 9,
        action: { kind: 'refuse', status: 500, code: 'InternalError' },
      },
      { operation: 'UploadPart', nth: 14, action: { kind: 'loseAnswer' } },
    );
    delayed(1000);
    const sizes = [0, 1, 300_000, 2 * MIB, PART, PART + 1, 2 * PART, 11 * MIB, 13 * MIB, 11 * MIB];
    const bodies = [...sizes, ...sizes].map((size, index) => bodyOf(index, size));
    await Promise.all(
      bodies.map((body, index) =>
        store(`o${index}`, body, index < sizes.length ? body.length : undefined),
      ),
    );
    for (const [index, body] of bodies.entries()) {
      expect(under.inside.objects.get(`o${index}`)?.bytes.equals(body), `o${index}`).toBe(true);
    }
    expect(budget.usage()).toMatchObject({ reservedBytes: 0, waiting: 0 });
    expect(budget.usage().peakBytes).toBeGreaterThan(3 * PART);
    expect(budget.usage().peakBytes).toBeLessThanOrEqual(BUDGET);
    expect(seen.mostBytes).toBeLessThanOrEqual(BUDGET);
    expect(seen.mostAllocated).toBeLessThanOrEqual(BUDGET);
  });

  it('go on, one part after the other, where a part is larger than all of it', async () => {
    await open(4 * MIB);
    const body = bodyOf(1, 2 * PART + 5);
    await Promise.all(
      [body.length, undefined].map((length, index) => store(`o${index}`, body, length)),
    );
    expect(under.inside.objects.get('o0')?.bytes.equals(body)).toBe(true);
    expect(under.inside.objects.get('o1')?.bytes.equals(body)).toBe(true);
    expect(budget.usage()).toMatchObject({ reservedBytes: 0, waiting: 0 });
  });

  it('of unknown length are cut from what was gathered, and end, where several gather much', async () => {
    const seen = await open();
    const multipart = { ...MULTIPART, thresholdBytes: 3 * PART };
    const body = bodyOf(2, 3 * PART + 2 * MIB);
    await Promise.all(
      [0, 1, 2, 3].map((index) => store(`o${index}`, body, undefined, signal, multipart)),
    );
    for (const index of [0, 1, 2, 3]) {
      expect(under.inside.objects.get(`o${index}`)?.bytes.equals(body)).toBe(true);
    }
    expect(budget.usage().reservedBytes).toBe(0);
    expect(seen.mostBytes).toBeLessThanOrEqual(BUDGET);
  });

  it('that fail for good, or are stopped while they wait, give all of it back', async () => {
    await open();
    const refused = { kind: 'refuse', status: 403, code: 'AccessDenied' } as const;
    under.double.fail({ operation: 'UploadPart', key: 'o0', nth: 2, times: 9, action: refused });
    under.double.fail({ operation: 'UploadPart', key: 'o1', times: 99, action: { kind: 'hang' } });
    under.double.fail({ operation: 'PutObject', key: 'o2', times: 9, action: refused });
    const stop = new AbortController();
    const ends = [
      store('o0', bodyOf(0, 4 * PART), 4 * PART),
      store('o1', bodyOf(1, 4 * PART), undefined, stop.signal, { ...MULTIPART, concurrency: 1 }),
      store('o2', bodyOf(2, 1000), 1000),
      store('o3', bodyOf(3, 4 * PART + 1000), 9 * PART),
      store('o4', bodyOf(4, PART), undefined),
    ].map((end) =>
      end.then(
        () => 'stored',
        (error: unknown) => String(error),
      ),
    );
    const [first, , third, fourth, fifth] = ends;
    await Promise.all([first, third, fourth, fifth]);
    stop.abort(new Error('stopped'));
    expect(await Promise.all(ends)).toEqual([
      expect.stringContaining('AccessDenied') as string,
      'Error: stopped',
      expect.stringContaining('AccessDenied') as string,
      expect.stringContaining('were declared') as string,
      'stored',
    ]);
    expect(budget.usage()).toMatchObject({ reservedBytes: 0, waiting: 0 });
  });

  it('of small bodies of unknown length do not wait for those that need much', async () => {
    await open();
    const kept = await budget.reserve(budget.limitBytes, signal);
    await store('page', bodyOf(1, 200_000), undefined);
    expect(under.inside.objects.get('page')?.bytes.length).toBe(200_000);
    kept.release();
  });

  it('that wait long for it do not make the origin time out', async () => {
    await open();
    const origin = await faultOrigin();
    const client = testClient({ timeouts: { connectMs: 5_000, firstByteMs: 5_000, idleMs: 250 } });
    try {
      const body = bodyOf(1, PART + MIB);
      origin.script('/o', { body });
      const kept = await budget.reserve(budget.limitBytes, signal);
      const options = { ifAbsent: false, length: body.length, multipart: MULTIPART };
      const upload = await under.bucket.openUpload(objectKey('o'), NOTHING_BESIDE, options, signal);
      const reading = client.exchange(
        request(`${origin.url}/o`),
        (response) => response.pipeTo(upload.write),
        signal,
      );
      await sleep(600);
      expect(budget.usage().waiting).toBe(1);
      kept.release();
      expect(await reading).toBe(body.length);
      await upload.commit();
      expect(under.inside.objects.get('o')?.bytes.equals(body)).toBe(true);
    } finally {
      await client.close();
      await origin.close();
    }
  });
});
