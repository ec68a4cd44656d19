import { beforeEach, describe, expect, test } from 'vitest';

import { byteBudget } from '../../src/guard/byte-budget.ts';
import type { BodyMemory } from '../../src/model/body-memory.ts';
import { Failure, FatalError, Interrupted } from '../../src/model/failure.ts';
import { objectKey } from '../../src/model/object-key.ts';
import { type Origin, type OriginHead, readToResult } from '../../src/model/origin.ts';
import { Rechecks } from '../../src/transfer/rechecks.ts';
import { transferObject } from '../../src/transfer/transfer-object.ts';
import { originRequest } from '../contract/origin-contract.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';
import { type MemoryBucket, memoryBucket } from '../support/memory-bucket.ts';
import { storeSettings } from '../support/settings.ts';

const NAME = 'http://o.example/';
const SMALL = 1000;
const LARGE = 3 * 1024 * 1024;
const AFTER_MS = 10_000;

/** One version of the object: bytes that say which it is, and what the origin says of it. */
interface Version {
  readonly letter: string;
  readonly headers: Readonly<Record<string, string>>;
}
const version = (letter: string): Version => ({
  letter,
  headers: { etag: `"${letter}"`, 'last-modified': `day ${letter}` },
});

let clock: FakeClock;
let bucket: MemoryBucket;
/** Requests for bodies, and looks. */
let gets: number;
let heads: number;
let looked: string[];
/** What HEAD gets instead of an answer. */
let headFails: Error | undefined;
let current: Version;
/** Versions that the object is edited to in the middle of its next bodies. */
let edits: Version[];
let bodyMs: number;
let size: number;

beforeEach(() => {
  clock = fakeClock();
  bucket = memoryBucket();
  gets = 0;
  heads = 0;
  looked = [];
  headFails = undefined;
  current = version('a');
  edits = [];
  bodyMs = AFTER_MS + 1;
  size = LARGE;
});

/** A file that is read while somebody edits it in place: what is sent is of the moment. */
function editedOrigin(): Origin {
  const headOf = (): OriginHead => ({
    origin: NAME,
    url: `${NAME}k`,
    status: 200,
    headers: current.headers,
    length: size,
    framing: 'length',
  });
  const pieces = async (sink: (chunk: Uint8Array) => void | Promise<void>) => {
    await sink(Buffer.alloc(size / 2, current.letter));
    current = edits.shift() ?? current;
    await clock.advance(bodyMs);
    await sink(Buffer.alloc(size / 2, current.letter));
    return size;
  };
  return {
    name: NAME,
    read: (request, reader) =>
      readToResult((answered) => {
        request.onRequest(NAME);
        if (request.method !== 'HEAD') gets += 1;
        else heads += 1;
        if (request.method === 'HEAD' && headFails !== undefined) throw headFails;
        return answered({
          head: headOf(),
          bytes: async () => {
            const chunks: Uint8Array[] = [];
            await pieces((chunk) => void chunks.push(chunk));
            return Buffer.concat(chunks);
          },
          pipeTo: pieces,
        });
      }, reader),
    probe: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

const rechecks = () =>
  new Rechecks({ afterMs: AFTER_MS, clock, onRequest: (origin) => looked.push(origin) });

const transfer = (
  source = editedOrigin(),
  own: Rechecks | 'none' = rechecks(),
  memory: BodyMemory = byteBudget(2 ** 30),
) =>
  transferObject(
    {
      entry: { key: objectKey('k') },
      source,
      request: originRequest('k'),
      bucket,
      store: storeSettings({}),
      ifAbsent: false,
      stored: undefined,
      memory,
      rechecks: own === 'none' ? undefined : own,
    },
    new AbortController().signal,
  );

/** The letters that the stored object is made of. */
const stored = () => [...new Set(bucket.contents.get('k')?.toString())].join('');

describe.each([
  ['large', LARGE],
  ['small', SMALL],
])('a %s object whose body takes long', (_name, bytes) => {
  beforeEach(() => {
    size = bytes;
  });

  test('is stored once a look showed the same version', async () => {
    expect(await transfer()).toMatchObject({ outcome: 'copied', bytes, origin: NAME });
    expect([gets, heads, looked]).toEqual([1, 1, [NAME]]);
    expect(stored()).toBe('a');
  });

  test('is read anew where it was edited in place meanwhile, and stored whole', async () => {
    edits = [version('b')];
    expect(await transfer()).toMatchObject({ outcome: 'copied', bytes });
    expect([gets, heads]).toEqual([2, 2]);
    expect(stored()).toBe('b');
    expect(bucket.openUploads()).toBe(0);
  });

  test('is read anew where only its date changed', async () => {
    edits = [{ letter: 'b', headers: { ...version('a').headers, 'last-modified': 'another day' } }];
    await transfer();
    expect(stored()).toBe('b');
  });

  test('fails where it changes each time, and the old object stays', async () => {
    bucket.contents.set('k', Buffer.from('o'));
    edits = ['b', 'c', 'd', 'e'].map(version);
    await expect(transfer()).rejects.toMatchObject({
      code: 'ORIGIN_CHANGED',
      origin: NAME,
      message: expect.stringContaining('changed while it was read, 3 times') as string,
    });
    expect([gets, heads]).toEqual([3, 3]);
    expect(stored()).toBe('o');
    expect(bucket.openUploads()).toBe(0);
  });

  test.each([
    ['405', new Failure('ORIGIN_STATUS', 'x', { status: 405 })],
    ['501', new Failure('ORIGIN_STATUS', 'x', { status: 501 })],
    ['403', new Failure('ORIGIN_STATUS', 'x', { status: 403 })],
    ['503', new Failure('ORIGIN_STATUS', 'x', { status: 503 })],
    ['no answer', new Failure('ORIGIN_TIMEOUT', 'x')],
    ['that the run is stopping', new Interrupted('SIGTERM')],
    ['that the addresses are down for good', new FatalError('origins-unusable', 'x')],
  ])('is stored all the same where the look gets %s', async (_what, failure) => {
    headFails = failure;
    expect(await transfer()).toMatchObject({ outcome: 'copied' });
    expect([gets, heads]).toEqual([1, 1]);
    expect(stored()).toBe('a');
  });

  test('is not stored where it is gone, and is asked for again', async () => {
    headFails = new Failure('ORIGIN_NOT_FOUND', 'x', { status: 404 });
    await expect(transfer()).rejects.toMatchObject({ code: 'ORIGIN_CHANGED' });
    expect(gets).toBe(3);
    expect(bucket.contents.size).toBe(0);
  });

  test('is stored without a look where it has no validator', async () => {
    current = { letter: 'a', headers: {} };
    edits = [{ letter: 'b', headers: {} }];
    expect(await transfer()).toMatchObject({ outcome: 'copied' });
    expect([gets, heads]).toEqual([1, 0]);
  });

  test('gives back the memory that it held', async () => {
    const memory = byteBudget(2 ** 22);
    edits = [version('b')];
    await transfer(editedOrigin(), rechecks(), memory);
    const all = memory.reserve(memory.limitBytes, new AbortController().signal);
    expect(all).not.toBeInstanceOf(Promise);
  });
});

describe('a look at the origin', () => {
  test('is not taken after a quick body, nor without being asked for', async () => {
    bodyMs = AFTER_MS;
    await transfer();
    bodyMs = AFTER_MS + 1;
    await transfer(editedOrigin(), 'none');
    expect([gets, heads]).toEqual([2, 0]);
  });

  test('is not taken again at an address that refuses it', async () => {
    headFails = new Failure('ORIGIN_STATUS', 'x', { status: 405 });
    const own = rechecks();
    for (let objects = 0; objects < 3; objects += 1) await transfer(editedOrigin(), own);
    expect([gets, heads]).toEqual([3, 1]);
  });

  test('that is a bug is told', async () => {
    headFails = new TypeError('a bug');
    await expect(transfer()).rejects.toThrow('a bug');
  });

  test('waits for no address that is down', async () => {
    const origin = editedOrigin();
    const waiting: Origin = {
      ...origin,
      read: (request, reader, signal) => {
        if (request.method !== 'HEAD') return origin.read(request, reader, signal);
        const gone = new Promise<never>((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reject(new Error('stopped'));
          });
        });
        request.onWait?.(true);
        return gone;
      },
    };
    expect(await transfer(waiting)).toMatchObject({ outcome: 'copied' });
  });

  test('is given up soon where somebody waits for the memory that its object holds', async () => {
    let give: (() => Promise<void>) | undefined;
    const memory: BodyMemory = {
      ...byteBudget(2 ** 30),
      onWanted: (giveUp) => {
        give = giveUp;
        return () => undefined;
      },
    };
    const origin = editedOrigin();
    const stuck: Origin = {
      ...origin,
      read: (request, reader, signal) =>
        request.method === 'HEAD'
          ? new Promise<never>((_resolve, reject) => {
              signal.addEventListener('abort', () => {
                reject(new Error('stopped'));
              });
            })
          : origin.read(request, reader, signal),
    };
    const moving = transfer(stuck, rechecks(), memory);
    while (give === undefined) await clock.settle();
    const given = give();
    await clock.advance(1_999);
    expect(bucket.contents.size).toBe(0);
    await clock.advance(1);
    expect(await moving).toMatchObject({ outcome: 'copied' });
    await given;
  });
});
