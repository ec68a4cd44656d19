import { beforeEach, describe, expect, it } from 'vitest';
import { byteBudget } from '../../src/guard/byte-budget.ts';
import type { Claims } from '../../src/model/claims.ts';
import { Failure } from '../../src/model/failure.ts';
import { objectKey } from '../../src/model/object-key.ts';
import type { Origin, OriginAnswer, OriginRequest } from '../../src/model/origin.ts';
import type { BodyTap } from '../../src/transfer/body-tap.ts';
import { OwnClaims } from '../../src/transfer/own-claims.ts';
import { transferObject } from '../../src/transfer/transfer-object.ts';
import type { Transfer } from '../../src/transfer/transfer.ts';
import { rulesOf } from '../rules/rules-of.ts';
import { type MemoryBucket, memoryBucket } from '../support/memory-bucket.ts';
import { memoryClaims } from '../support/memory-claims.ts';

const MIB = 1024 ** 2;
const THRESHOLD = 5 * MIB;
const key = objectKey('video/a.mp4');
const signal = new AbortController().signal;
const rules = rulesOf(`
rules:
  - id: all
    origins: { masters: ["https://o.example/"] }
    store: { multipart: { threshold: 5MiB, partSize: 5MiB } }
`).rules;
const store = (rules[0] ?? expect.fail()).store;

/** What was asked of an origin, and which of its chunks were taken. */
interface Watched {
  requests: number;
  chunks: number;
}

/** An origin of one object of so many bytes, which comes in chunks of a mebibyte. */
function originOf(size: number, watched: Watched, declared = true): Origin {
  return {
    name: 'http://o.example/',
    async read(_request, reader) {
      watched.requests += 1;
      const length = declared ? size : undefined;
      const framing = declared ? 'length' : 'chunked';
      const head = { origin: '', url: '', status: 200, headers: {}, length, framing } as const;
      const answer: OriginAnswer = {
        head,
        bytes: () => Promise.resolve(Buffer.alloc(size)),
        pipeTo: async (sink) => {
          for (let at = 0; at < size; at += MIB) {
            watched.chunks += 1;
            await sink(Buffer.alloc(Math.min(MIB, size - at)));
          }
          return size;
        },
      };
      const read = await reader(answer);
      if (typeof read === 'object' && read !== null && 'reader' in read) throw new Error('again');
      return read;
    },
    probe: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

/** Follows a body, and allows to store it, or not. */
const tapOf = (forbids?: Failure): BodyTap => ({
  begin: () => forbids,
  write: () => undefined,
  passed: () => undefined,
});

describe('a transfer with claims', () => {
  let others: Claims;
  let mine: Claims;
  let claimed: string[];
  let own: OwnClaims;
  let bucket: MemoryBucket;
  let watched: Watched;
  beforeEach(() => {
    const memory = memoryClaims();
    others = memory.open().claims;
    const { claims } = memory.open();
    claimed = [];
    mine = {
      ...claims,
      claim: async (asked, owner) => {
        claimed.push(asked);
        return claims.claim(asked, owner);
      },
    };
    own = new OwnClaims(mine, 'me');
    bucket = memoryBucket();
    watched = { requests: 0, chunks: 0 };
  });

  const run = async (origin: Origin, more: Partial<Transfer> = {}) => {
    const request: OriginRequest = {
      key,
      originKey: key,
      query: '',
      url: undefined,
      headers: {},
      secretHeaders: new Set(),
      unless: undefined,
      onRequest: () => undefined,
    };
    const transfer: Transfer = {
      entry: { key },
      source: origin,
      request,
      bucket,
      store,
      ifAbsent: true,
      stored: undefined,
      memory: byteBudget(256 * MIB),
      claims: own,
      ...more,
    };
    return transferObject(transfer, signal);
  };
  const hold = async (): Promise<void> => {
    expect(await others.claim(key, 'serve pid 1 on h')).toBe('granted');
  };
  const held = { outcome: 'held', by: { owner: 'serve pid 1 on h', sinceMs: 0 } };

  it('has a large object to itself until it is stored', async () => {
    let seen: unknown;
    const tap = {
      ...tapOf(),
      write: async () => {
        seen = await others.held(key);
      },
    };
    expect(await run(originOf(THRESHOLD, watched), { tap })).toMatchObject({ outcome: 'copied' });
    expect(seen).toEqual({ owner: 'me', sinceMs: 0 });
    expect(await others.held(key)).toBeUndefined();
  });

  it('claims nothing of a small object, whether or not its length is declared', async () => {
    await hold();
    for (const declared of [true, false]) {
      const moved = await run(originOf(THRESHOLD - 1, watched, declared), { ifAbsent: false });
      expect(moved).toMatchObject({ outcome: 'copied' });
    }
    expect(claimed).toEqual([]);
  });

  it('takes nothing of a large body whose key another process has', async () => {
    await hold();
    expect(await run(originOf(THRESHOLD, watched))).toEqual(held);
    expect([watched, bucket.openUploads(), bucket.contents.size]).toEqual([
      { requests: 1, chunks: 0 },
      0,
      0,
    ]);
    expect(await mine.held(key)).toEqual(held.by);
  });

  it('gives up a body of unknown length when it is large and another process has its key', async () => {
    await hold();
    expect(await run(originOf(3 * THRESHOLD, watched, false))).toEqual(held);
    expect([watched.chunks, bucket.openUploads()]).toEqual([THRESHOLD / MIB, 0]);
  });

  it('claims a body of unknown length before its clients get any of it', async () => {
    await hold();
    expect(await run(originOf(3, watched, false), { tap: tapOf() })).toEqual(held);
    expect(watched.chunks).toBe(0);
  });

  it('is over at once for others where its body may not be stored', async () => {
    const forbids = new Failure('CONTENT_REJECTED', 'private');
    const tap = tapOf(forbids);
    let free: unknown = 'not asked';
    const write = async (): Promise<void> => {
      free = await others.held(key);
    };
    const moved = await run(originOf(THRESHOLD, watched), { tap: { ...tap, write } });
    expect([moved.outcome, claimed, free]).toEqual(['handedOn', [key], undefined]);
  });

  it('frees the key where the object fails', async () => {
    const broken: Origin = {
      ...originOf(THRESHOLD, watched),
      read: async (request, reader, abort) =>
        originOf(THRESHOLD, watched).read(
          request,
          async (answer) => {
            await reader({
              ...answer,
              pipeTo: () => Promise.reject(new Failure('ORIGIN_TIMEOUT', '')),
            });
            throw new Error('it was read');
          },
          abort,
        ),
    };
    await expect(run(broken)).rejects.toMatchObject({ code: 'ORIGIN_TIMEOUT' });
    expect([claimed, await others.held(key)]).toEqual([[key], undefined]);
  });

  it('finds what somebody stored between the look at the bucket and the claim', async () => {
    bucket.contents.set(key, Buffer.from('theirs'));
    expect(await run(originOf(THRESHOLD, watched))).toEqual({
      outcome: 'skipped',
      reason: 'exists',
    });
    expect(watched.chunks).toBe(0);
    const moved = await run(originOf(THRESHOLD, watched), { ifAbsent: false });
    expect(moved).toMatchObject({ outcome: 'copied' });
  });

  it('shares the claim with another of its process, whose end does not free the key', async () => {
    expect(await own.claim(key)).toBeUndefined();
    expect(await run(originOf(THRESHOLD, watched))).toMatchObject({ outcome: 'copied' });
    expect(await others.held(key)).toMatchObject({ owner: 'me' });
    await own.release(key);
    expect(await others.held(key)).toBeUndefined();
    await own.release(key);
  });

  it('asks anew for a key that it did not get', async () => {
    await hold();
    expect(await Promise.all([own.claim(key), own.claim(key)])).toEqual([held.by, held.by]);
    await others.release(key, 'serve pid 1 on h');
    expect(await own.claim(key)).toBeUndefined();
  });
});
