import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { DigestThread } from '../../src/s3/digest-thread.ts';
import { largeDigests, THREAD_BYTES } from '../../src/s3/large-digests.ts';
import type { DigestAlgorithm } from '../../src/s3/sliced-digests.ts';

const MIB = 2 ** 20;
const BOTH = ['md5', 'sha256'] as const;

/** Bytes of which no two stretches are alike. */
function fill<T extends ArrayBufferLike>(memory: T, from: number, length: number): Uint8Array<T> {
  const bytes = new Uint8Array(memory, from, length);
  for (let at = 0; at < length; at += 1) bytes[at] = Math.imul(at, 2_654_435_761) >>> 24;
  return bytes;
}

const shared = (length: number) => fill(new SharedArrayBuffer(length + 8), 5, length);
const own = (length: number) => fill(new ArrayBuffer(length + 8), 5, length);

const digestsOf = (bytes: Uint8Array, algorithms: readonly DigestAlgorithm[] = BOTH) =>
  algorithms.map((name) => createHash(name).update(bytes).digest());

const taskOf = ({ buffer: memory, byteOffset: from, length }: Uint8Array<SharedArrayBuffer>) => ({
  algorithms: BOTH,
  memory,
  from,
  length,
});

/** A thread that broke down over what it was asked for. */
async function brokenThread(): Promise<DigestThread> {
  const thread = new DigestThread();
  const unknown: string = 'no such algorithm';
  const task = { ...taskOf(shared(MIB)), algorithms: [unknown as 'md5'] };
  await expect(thread.digests(task)).rejects.toThrow('the thread that hashes broke down');
  return thread;
}

describe('the digests of many bytes', () => {
  it.each([0, 1, MIB - 1, MIB, MIB + 1, 6 * MIB - 1])(
    'are those of all %i, wherever they are',
    async (length) => {
      for (const bytes of [shared(length), own(length)]) {
        expect(await largeDigests(BOTH, bytes)).toEqual(digestsOf(bytes));
        expect(await largeDigests(['md5'], bytes)).toEqual(digestsOf(bytes, ['md5']));
      }
    },
  );

  it('are not mixed up with others under way', async () => {
    const all = Array.from({ length: 12 }, (_, number) => shared((number + 1) * MIB - number));
    const digests = await Promise.all(all.map((bytes) => largeDigests(BOTH, bytes)));
    expect(digests).toEqual(all.map((bytes) => digestsOf(bytes)));
  });

  it('are made by a thread only of memory that it sees, and where they are worth it', async () => {
    const asked: number[] = [];
    const choose = (of: number) => () => {
      asked.push(of);
      return undefined;
    };
    await largeDigests(BOTH, own(MIB), choose(1));
    await largeDigests(BOTH, shared(MIB), choose(2));
    await largeDigests(BOTH, shared(THREAD_BYTES), choose(3));
    await largeDigests(BOTH, shared(THREAD_BYTES - 1), choose(4));
    expect(asked).toEqual([2, 3]);
  });

  it('are got without the thread where that breaks down', async () => {
    const broken = await brokenThread();
    const bytes = shared(5 * MIB);
    expect(await largeDigests(BOTH, bytes, () => broken)).toEqual(digestsOf(bytes));
  });
});

describe('a thread that hashes', () => {
  it('says how much is still to do, and answers in turn', async () => {
    const thread = new DigestThread();
    const [one, two] = [shared(MIB), shared(2 * MIB)];
    const hashing = [thread.digests(taskOf(one)), thread.digests(taskOf(two))];
    expect(thread.queuedBytes).toBe(3 * MIB);
    expect(await Promise.all(hashing)).toEqual([digestsOf(one), digestsOf(two)]);
    expect(thread.queuedBytes).toBe(0);
  });

  it('fails all that was asked of it when it breaks down, and hashes nothing ever after', async () => {
    const thread = await brokenThread();
    expect(thread.hasEnded).toBe(true);
    expect(thread.queuedBytes).toBe(0);
    await expect(thread.digests(taskOf(shared(MIB)))).rejects.toThrow('broke down');
  });
});
