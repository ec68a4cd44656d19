import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { byteBudget } from '../../src/guard/byte-budget.ts';
import type { BodyMemory } from '../../src/model/body-memory.ts';
import { FatalError } from '../../src/model/failure.ts';
import { objectKey } from '../../src/model/object-key.ts';
import type { Origin } from '../../src/model/origin.ts';
import type { UploadJournal } from '../../src/model/upload-journal.ts';
import { OpenUploads } from '../../src/transfer/open-uploads.ts';
import type { Transfer } from '../../src/transfer/transfer.ts';
import { transferObject } from '../../src/transfer/transfer-object.ts';
import type { TransferOutcome } from '../../src/transfer/transfer-outcome.ts';
import { originRequest } from '../contract/origin-contract.ts';
import { testOrigin } from '../support/fault-origin-adapter.ts';
import type { FaultAnswer } from '../support/fault-origin-script.ts';
import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';
import { type MemoryBucket, memoryBucket } from '../support/memory-bucket.ts';
import { memoryUploadJournal } from '../support/memory-upload-journal.ts';
import { storeSettings } from '../support/settings.ts';

const GIB = 1024 ** 3;
const key = objectKey('k');
const NOW_MS = Date.UTC(2026, 10, 21);
const MARK_EVERY = 300_000;
const SIZE = 2_000_000;
/** The last mark before the body breaks off. */
const MARKED = 900_000;
const HALF = SIZE / 2;
const A = Buffer.alloc(SIZE, 'version A ');
const B = Buffer.alloc(SIZE, 'VERSION b ');
const MULTIPART = { thresholdBytes: 1_000_000, partSizeBytes: MARK_EVERY, concurrency: 2 };

let server: FaultOrigin;
let bucket: MemoryBucket;
let journal: UploadJournal;

beforeEach(async () => {
  server = await faultOrigin();
  bucket = memoryBucket({ markEvery: MARK_EVERY });
  journal = memoryUploadJournal();
});
afterEach(() => server.close());

async function transfer(
  signal = new AbortController().signal,
  change: Partial<Transfer> = {},
): Promise<TransferOutcome> {
  const source = testOrigin(`${server.url}/`);
  try {
    return await transferObject(
      {
        entry: { key },
        source,
        request: originRequest('k'),
        bucket,
        store: storeSettings({ multipart: MULTIPART }),
        ifAbsent: true,
        stored: undefined,
        memory: byteBudget(GIB),
        uploads: await OpenUploads.load(journal, () => NOW_MS),
        ...change,
      },
      signal,
    );
  } finally {
    await source.close();
  }
}

/** A run that is aborted when half of the object has come. */
async function interrupted(
  body: Buffer,
  headers: NonNullable<FaultAnswer['headers']>,
): Promise<void> {
  server.script('/k', { body, headers, cutBody: { afterBytes: HALF, how: 'stall' } });
  const stop = new AbortController();
  const running = transfer(stop.signal);
  const settled = running.catch((error: unknown) => error);
  while ((bucket.suspended.values().next().value?.length ?? 0) < MARKED) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  stop.abort(new Error('SIGINT'));
  expect(await settled).toMatchObject({ message: 'SIGINT' });
}

/** A 206 from the mark on. */
function rest(body: Buffer, headers: Readonly<Record<string, string>>): FaultAnswer {
  const range = `bytes ${MARKED}-${SIZE - 1}/${SIZE}`;
  return {
    status: 206,
    body: body.subarray(MARKED),
    headers: { 'Content-Range': range, ...headers },
  };
}

describe('an object that an earlier run left half-way in', () => {
  test('is gone on with where the bucket has it, pinned to its version', async () => {
    await interrupted(A, { ETag: '"a"' });
    server.script('/k', rest(A, { ETag: '"a"' }));
    expect(await transfer()).toMatchObject({ outcome: 'copied', bytes: SIZE });
    expect(bucket.contents.get('k')?.equals(A)).toBe(true);
    expect(server.requests.at(-1)?.headers).toMatchObject({
      range: `bytes=${MARKED}-`,
      'if-range': '"a"',
    });
    expect(await journal.all()).toEqual([]);
  });

  test.each(['md5', 'sha1', 'sha256', 'sha512'])(
    'is held against its %s as a whole, of which the first part was hashed by another run',
    async (algorithm) => {
      const names = { md5: 'md5', sha1: 'sha', sha256: 'sha-256', sha512: 'sha-512' } as const;
      const name = names[algorithm as keyof typeof names];
      const value = createHash(algorithm).update(A).digest('base64');
      const headers = { ETag: '"a"', Digest: `${name}=${value}` };
      await interrupted(A, headers);
      server.script('/k', rest(A, headers));
      expect(await transfer()).toMatchObject({ outcome: 'copied', bytes: SIZE });
      bucket.contents.clear();
      await interrupted(A, headers);
      server.script('/k', rest(B, headers));
      await expect(transfer()).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
      expect(bucket.contents.size + bucket.suspended.size + bucket.openUploads()).toBe(0);
    },
  );

  test('starts again where the origin has another version', async () => {
    await interrupted(A, { ETag: '"a"' });
    server.script('/k', { body: B, headers: { ETag: '"b"' } });
    expect(await transfer()).toMatchObject({ outcome: 'copied', bytes: SIZE });
    expect(bucket.contents.get('k')?.equals(B)).toBe(true);
    expect(bucket.suspended.size + bucket.openUploads()).toBe(0);
    expect(await journal.all()).toEqual([]);
  });

  test('is not believed to be shorter than the earlier run was told of the same version', async () => {
    await interrupted(A, { ETag: '"a"' });
    server.script('/k', { body: A.subarray(0, 1_500_000), headers: { ETag: '"a"' } });
    await expect(transfer()).rejects.toMatchObject({ code: 'LENGTH_MISMATCH' });
    expect(bucket.contents.size).toBe(0);
  });

  test('starts again where the bucket has lost it', async () => {
    await interrupted(A, { ETag: '"a"' });
    bucket.suspended.clear();
    server.script('/k', { body: A, headers: { ETag: '"a"' } });
    expect(await transfer()).toMatchObject({ outcome: 'copied', bytes: SIZE });
    expect(server.requests.at(-1)?.headers).not.toHaveProperty('range');
    expect(bucket.contents.get('k')?.equals(A)).toBe(true);
  });

  test('starts again where its record is of another making', async () => {
    await journal.keep(key, '{"version":99}');
    server.script('/k', { body: A, headers: { ETag: '"a"' } });
    expect(await transfer()).toMatchObject({ outcome: 'copied', bytes: SIZE });
    expect(await journal.all()).toEqual([]);
  });

  test('survives any number of interruptions', async () => {
    await interrupted(A, { ETag: '"a"' });
    server.script('/k', {
      ...rest(A, { ETag: '"a"' }),
      cutBody: { afterBytes: 2 * MARK_EVERY + 5, how: 'stall' },
    });
    const stop = new AbortController();
    const running = transfer(stop.signal).catch((error: unknown) => error);
    const sofar = (): number => bucket.suspended.values().next().value?.length ?? 0;
    while (sofar() < MARKED + 2 * MARK_EVERY) await new Promise((r) => setImmediate(r));
    stop.abort(new Error('again'));
    await running;
    const from = MARKED + 2 * MARK_EVERY;
    server.script('/k', {
      status: 206,
      body: A.subarray(from),
      headers: { ETag: '"a"', 'Content-Range': `bytes ${from}-${SIZE - 1}/${SIZE}` },
    });
    expect(await transfer()).toMatchObject({ outcome: 'copied', bytes: SIZE });
    expect(bucket.contents.get('k')?.equals(A)).toBe(true);
  });
});

test('an object that fails leaves nothing for a later run', async () => {
  const answer: FaultAnswer = {
    body: A,
    headers: { ETag: '"a"' },
    cutBody: { afterBytes: HALF, how: 'end' },
  };
  server.script('/k', answer);
  await expect(transfer()).rejects.toMatchObject({ code: 'LENGTH_MISMATCH' });
  expect(bucket.suspended.size + bucket.openUploads()).toBe(0);
  expect(await journal.all()).toEqual([]);
});

test('cookies and echoes of an origin are not written down', async () => {
  await interrupted(A, {
    ETag: '"a"',
    'Set-Cookie': 'session=canary',
    'X-Debug-Request': 'authorization: canary',
    'Content-Location': '/k?token=canary',
  });
  const records = await journal.all();
  expect(records).toHaveLength(1);
  expect(JSON.stringify(records)).not.toContain('canary');
});

test('a journal that can not be written ends the run', async () => {
  journal = {
    ...memoryUploadJournal(),
    keep: () => Promise.reject(new FatalError('state-unusable', 'the disk is full')),
  };
  server.script('/k', { body: A, headers: { ETag: '"a"' } });
  await expect(transfer()).rejects.toMatchObject({ kind: 'state-unusable' });
  expect(bucket.contents.size).toBe(0);
});

test.each<readonly [string, NonNullable<FaultAnswer['headers']>]>([
  ['no validator', {}],
  ['a weak validator', { ETag: 'W/"a"' }],
])('an object with %s is not written down', async (_what, headers) => {
  server.script('/k', {
    body: A,
    headers,
    cutBody: { afterBytes: HALF, how: 'stall' },
  });
  const stop = new AbortController();
  const running = transfer(stop.signal).catch((error: unknown) => error);
  while (server.bytesSent() < HALF) await new Promise((resolve) => setImmediate(resolve));
  stop.abort(new Error('SIGINT'));
  await running;
  expect(await journal.all()).toEqual([]);
});

describe('an object that gives its memory to others between two tries', () => {
  /** Somebody always waits for memory. */
  const wanted: BodyMemory = {
    limitBytes: GIB,
    reserve: (bytes, signal) => byteBudget(GIB).reserve(bytes, signal),
    begin: (signal) => byteBudget(GIB).begin(signal),
    onWanted: (giveUp) => {
      giveUp().catch(() => undefined);
      return () => undefined;
    },
  };

  /** Two tries at one address. */
  function twice(origin: Origin): Origin {
    return {
      ...origin,
      read: async (request, reader, signal) => {
        try {
          return await origin.read(request, reader, signal);
        } catch {
          return origin.read(request, reader, signal);
        }
      },
    };
  }

  async function transferTwice(second: FaultAnswer): Promise<TransferOutcome> {
    const first: FaultAnswer = {
      body: A,
      headers: { ETag: '"a"' },
      cutBody: { afterBytes: HALF, how: 'end' },
    };
    server.script('/k', [first, second]);
    const origin = testOrigin(`${server.url}/`);
    try {
      return await transfer(undefined, { source: twice(origin), memory: wanted });
    } finally {
      await origin.close();
    }
  }

  test('goes on behind its last mark', async () => {
    expect(await transferTwice(rest(A, { ETag: '"a"' }))).toMatchObject({ bytes: SIZE });
    expect(server.requests[1]?.headers['range']).toBe(`bytes=${MARKED}-`);
    expect(bucket.contents.get('k')?.equals(A)).toBe(true);
    expect(bucket.suspended.size + bucket.openUploads()).toBe(0);
    expect(await journal.all()).toEqual([]);
  });

  test('begins again, and leaves nothing of the old, where the version is another', async () => {
    const other = { body: B, headers: { ETag: '"b"' } };
    expect(await transferTwice(other)).toMatchObject({ bytes: SIZE });
    expect(bucket.contents.get('k')?.equals(B)).toBe(true);
    expect(bucket.suspended.size + bucket.openUploads()).toBe(0);
    expect(await journal.all()).toEqual([]);
  });
});
