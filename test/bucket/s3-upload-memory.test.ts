import { describe, expect, it } from 'vitest';

import { s3Bucket } from '../../src/bucket/s3-bucket.ts';
import { byteBudget } from '../../src/guard/byte-budget.ts';
import { objectKey } from '../../src/model/object-key.ts';
import { S3Error } from '../../src/s3/s3-error.ts';
import type { S3Request, S3Response, S3Store } from '../../src/s3/s3-store.ts';
import { fakeClock } from '../support/fake-clock.ts';

const MIB = 2 ** 20;
const PART = 5 * MIB;
const { signal } = new AbortController();

/** A store that drops what it gets, and notes whose memory it was given. */
function droppingStore(answer: (body: ArrayBufferLike | undefined) => Promise<void>) {
  const memory = new Set<ArrayBufferLike>();
  const sizes: number[] = [];
  const unused = () => Promise.reject(new Error('not asked for in this test'));
  const store: S3Store = {
    name: 's3://bucket/',
    signsBodies: false,
    requests: () => 0,
    close: () => Promise.resolve(),
    control: {
      createUpload: () => Promise.resolve('id'),
      completeUpload: () => Promise.resolve('"made-up"'),
      abortUpload: () => Promise.resolve(),
      listParts: unused,
      headBucket: unused,
    },
    async send<T>(request: S3Request, reader: (response: S3Response) => Promise<T>): Promise<T> {
      if (request.body !== undefined) {
        memory.add(request.body.buffer);
        sizes.push(request.body.length);
      }
      await answer(request.body?.buffer);
      const length = sizes.reduce((sum, size) => sum + size, 0);
      return reader({
        status: 200,
        headers: { etag: '"opaque"' },
        setCookies: [],
        length: request.method === 'HEAD' ? length : 0,
        framing: 'length',
        attempts: 1,
        bytes: unused,
        pipeTo: unused,
      });
    },
  };
  return { store, memory, sizes };
}

const AMPLE_BYTES = 1024 * MIB;

/** Of memory that is not shared: another thread would hash one part after the other, in its time. */
function bucketOn(store: S3Store, memory = byteBudget(AMPLE_BYTES, 0)) {
  return s3Bucket({
    store,
    name: 's3://bucket/',
    prefix: '',
    storageClass: undefined,
    acl: undefined,
    sse: undefined,
    checksum: 'none',
    conditionalWrites: 'never',
    memory,
    clock: fakeClock(),
    onBoundary: () => undefined,
  });
}

async function uploaded(store: S3Store, thresholdBytes: number, totalBytes: number) {
  const multipart = { thresholdBytes, partSizeBytes: PART, concurrency: 3 };
  const options = { ifAbsent: false, multipart };
  const nothing = { headers: {}, metadata: {} };
  const upload = await bucketOn(store).openUpload(objectKey('k'), nothing, options, signal);
  const chunk = Buffer.alloc(MIB);
  for (let at = 0; at < totalBytes; at += MIB) await upload.write(chunk);
  return upload.commit();
}

describe('the memory of an upload', () => {
  it('is that of the parts under way and of one that fills up, used over and over', async () => {
    const { store, memory, sizes } = droppingStore(
      () => new Promise((resolve) => setTimeout(resolve, 2)),
    );
    await uploaded(store, PART, 20 * PART);
    expect(sizes).toEqual(Array.from({ length: 20 }, () => PART));
    // What was gathered first, and one part more than may be under way.
    expect(memory.size).toBeLessThanOrEqual(1 + 4);
  });

  it('does not grow with the threshold: what was gathered has gone before more is taken', async () => {
    const underWay: (ArrayBufferLike | undefined)[] = [];
    let most = 0;
    let mixed = false;
    let first: ArrayBufferLike | undefined;
    const { store, sizes } = droppingStore(async (body) => {
      first ??= body;
      underWay.push(body);
      most = Math.max(most, underWay.length);
      mixed ||= underWay.includes(first) && underWay.some((other) => other !== first);
      await new Promise((resolve) => setTimeout(resolve, 2));
      underWay.splice(underWay.indexOf(body), 1);
    });
    await uploaded(store, 1024 * MIB, 20 * PART);
    expect(sizes).toHaveLength(20);
    expect(most).toBe(3);
    expect(mixed).toBe(false);
  });

  it('is given up by a part that the store refuses', async () => {
    const refused = new S3Error({
      code: 'AccessDenied',
      status: 403,
      said: '',
      requestId: undefined,
      retryAfterMs: undefined,
      region: undefined,
      attempts: 1,
    });
    const { store } = droppingStore(() => Promise.reject(refused));
    await expect(uploaded(store, PART, 20 * PART)).rejects.toMatchObject({
      code: 'BUCKET_REFUSED',
      cause: refused,
    });
  });
});
