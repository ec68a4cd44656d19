import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { s3Bucket } from '../../src/bucket/s3-bucket.ts';
import { AdaptiveLimiter } from '../../src/guard/adaptive-limiter.ts';
import { byteBudget, type ByteBudget } from '../../src/guard/byte-budget.ts';
import { concurrencyLimiter } from '../../src/guard/concurrency-limiter.ts';
import { guardAddress } from '../../src/guard/guard-address.ts';
import { objectKey } from '../../src/model/object-key.ts';
import type { UploadJournal } from '../../src/model/upload-journal.ts';
import { OpenUploads } from '../../src/transfer/open-uploads.ts';
import { transferObject } from '../../src/transfer/transfer-object.ts';
import { originRequest } from '../contract/origin-contract.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';
import { memoryUploadJournal } from '../support/memory-upload-journal.ts';
import { storeSettings } from '../support/settings.ts';
import { type Break, type BreakingObject, breakingOrigin } from './breaking-origin.ts';
import { type SlowStore, slowStore } from './slow-store.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const PART = 5 * MIB;
const MULTIPART = { thresholdBytes: PART, partSizeBytes: PART, concurrency: 2 };
const WRITE_MS = 40;
const FIRST_BYTE_MS = 20;
const RETRIES = { perAddress: 3, baseMs: 500, maxMs: 4000 };
/** More than any order of these objects takes. */
const LONG_MS = 3_600_000;
const never = new AbortController().signal;

/** No two parts of it are alike. */
const BYTES = Buffer.alloc(12 * MIB);
for (let at = 0; at < BYTES.length; at += 4) BYTES.writeUInt32LE((at * 2_654_435_761) >>> 0, at);

interface Crowd {
  readonly objects: readonly BreakingObject[];
  /** Requests that the address, and its host, take at once. */
  readonly permits: number;
  readonly memoryBytes: number;
}

interface Scene {
  readonly clock: FakeClock;
  readonly memory: ByteBudget;
  readonly store: SlowStore;
  readonly journal: UploadJournal;
  /** Keys in the order in which they were stored. */
  readonly stored: readonly string[];
  /** Why transfers failed. */
  readonly failures: readonly unknown[];
}

/** Starts to move all objects at once, with the guards that every address has. */
async function begin({ objects, permits, memoryBytes }: Crowd): Promise<Scene> {
  const clock = fakeClock();
  // Other threads would hash in their own time, which this clock knows nothing of.
  const memory = byteBudget(memoryBytes, 0);
  const store = slowStore(clock, WRITE_MS);
  const journal = memoryUploadJournal();
  const byKey = new Map(objects.map((object, index) => [`k${index}`, object]));
  const host = new AdaptiveLimiter(clock);
  host.allow(permits);
  const limiter = concurrencyLimiter(permits);
  const origin = breakingOrigin({ objects: byKey, clock, firstByteMs: FIRST_BYTE_MS });
  const source = guardAddress(origin, {
    retries: RETRIES,
    limiter,
    pace: {
      ...{ host, requests: [], bytes: [], traffic: { bodyBytes: 0 } },
      ...{ maxPauseMs: 30_000, drain: never },
    },
    breaker: { ratio: 1, minimumCalls: 1000, windowMs: 1000, openMs: 1000 },
    clock,
    onState: () => undefined,
    drain: never,
  });
  const bucket = s3Bucket({
    ...{ store, name: 's3://bucket/', prefix: '', memory, clock },
    ...{ storageClass: undefined, acl: undefined, sse: undefined },
    ...{ checksum: 'auto', conditionalWrites: 'never', onBoundary: () => undefined },
  });
  const uploads = await OpenUploads.load(journal, () => 0);
  const stored: string[] = [];
  const failures: unknown[] = [];
  for (const key of byKey.keys()) {
    const transfer = {
      entry: { key: objectKey(key) },
      ...{ source, bucket, memory, uploads, request: originRequest(key), stored: undefined },
      ...{ store: storeSettings({ multipart: MULTIPART }), ifAbsent: true },
    };
    transferObject(transfer, never).then(
      () => stored.push(key),
      (error: unknown) => failures.push(error),
    );
  }
  return { clock, memory, store, journal, stored, failures };
}

/** Every object is there, byte for byte, and nothing is kept by anybody. */
async function expectAllMoved({ objects }: Crowd, scene: Scene): Promise<void> {
  expect(scene.failures).toEqual([]);
  expect(scene.memory.usage()).toMatchObject({ reservedBytes: 0, waiting: 0 });
  const wrong = objects.filter(
    ({ bytes }, index) => scene.store.objects.get(`k${index}`)?.equals(bytes) !== true,
  );
  expect(wrong).toEqual([]);
  expect(scene.store.uploads.size).toBe(0);
  expect(await scene.journal.all()).toEqual([]);
  expect(scene.stored).toHaveLength(objects.length);
}

const large = (change: Partial<BreakingObject> = {}): BreakingObject => ({
  ...{ bytes: BYTES.subarray(0, 6 * MIB), framing: 'length', etag: '"1"', breaks: [] },
  ...change,
});
const small = (breaks: readonly Break[] = []): BreakingObject =>
  large({ bytes: BYTES.subarray(0, 900 * KIB), breaks });

/** One part has room in it, and no second one. */
const ONE_PART = 6 * MIB;

describe('an object that waits for its next try', () => {
  const waits = (first: Break): Crowd => ({
    objects: [large({ breaks: [first] }), large(), small()],
    permits: 1,
    memoryBytes: ONE_PART,
  });

  test.each([
    ['its body broke off', 3 * MIB],
    ['there was no answer', 'silence'],
  ] as const)('keeps neither permit nor memory from others where %s', async (_why, first) => {
    const crowd = waits(first);
    const scene = await begin(crowd);
    // Long before the pause of the first one is over.
    await scene.clock.advance(RETRIES.baseMs / 2);
    expect(scene.stored).toEqual(['k1', 'k2']);
    await scene.clock.advance(LONG_MS);
    await expectAllMoved(crowd, scene);
  });

  test.each([
    ['its second read gets no answer', 'silence'],
    ['its second read is throttled', 'throttle'],
  ] as const)('keeps no memory from others where %s', async (_why, second) => {
    const unsure = {
      bytes: BYTES.subarray(0, 3 * MIB),
      framing: 'close',
      breaks: ['none', second],
    } as const;
    const crowd = { objects: [unsure, large(), large()], permits: 2, memoryBytes: ONE_PART };
    const scene = await begin(crowd);
    await scene.clock.advance(LONG_MS);
    await expectAllMoved(crowd, scene);
  });
});

test('who has the permit and waits for memory gets it from who has memory and waits for the permit', async () => {
  const crowd = {
    objects: [large({ breaks: [3 * MIB] }), large({ bytes: BYTES.subarray(0, 12 * MIB) })],
    permits: 1,
    memoryBytes: ONE_PART,
  };
  const scene = await begin(crowd);
  // The second one has the permit, and most of the memory is the first one's until it is asked.
  await scene.clock.advance(LONG_MS);
  expect(scene.stored).toEqual(['k1', 'k0']);
  await expectAllMoved(crowd, scene);
});

// Each gives its staged object up to the other whenever its first read is over, without end.
test('two bodies that are read twice, and want the same memory, both get through', async () => {
  const unsure = { bytes: BYTES.subarray(0, 6 * MIB), framing: 'close', breaks: [] } as const;
  const crowd = { objects: [unsure, unsure], permits: 2, memoryBytes: ONE_PART };
  const scene = await begin(crowd);
  // Time for some twenty reads of each.
  await scene.clock.advance(2000);
  await expectAllMoved(crowd, scene);
});

describe('any crowd', () => {
  const breaks = fc.array(
    fc.oneof(
      fc.constantFrom<Break>('none', 'silence', 'throttle'),
      fc.integer({ min: 0, max: 11 * MIB }),
    ),
    { maxLength: 2 },
  );
  const bytes = fc
    .oneof(fc.integer({ min: 1, max: MIB }), fc.integer({ min: MIB, max: BYTES.length }))
    .map((size) => BYTES.subarray(0, size));
  const etag = fc.constantFrom('"1"', '"1"', 'W/"1"');
  const framing = fc.constantFrom<BreakingObject['framing']>('length', 'length', 'chunked');
  const one = fc.record({ bytes, framing, etag, breaks });
  const unsure = fc.record({ bytes, framing: fc.constant('close' as const), breaks });
  const crowds = fc.record({
    objects: fc
      .tuple(fc.oneof(one, unsure), fc.array(one, { minLength: 1, maxLength: 4 }))
      .map(([first, others]) => [...others.slice(2), first, ...others.slice(0, 2)]),
    permits: fc.integer({ min: 1, max: 3 }),
    memoryBytes: fc.integer({ min: ONE_PART, max: 3 * ONE_PART }),
  });

  test('gets through, whatever its sizes, its order, its breaks and its budget', async () => {
    await fc.assert(
      fc.asyncProperty(crowds, async (crowd) => {
        const scene = await begin(crowd);
        await scene.clock.advance(LONG_MS);
        await expectAllMoved(crowd, scene);
      }),
      { numRuns: 15, endOnFailure: true },
    );
  });
});
