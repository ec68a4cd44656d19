import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Bucket } from '../../src/model/bucket.ts';
import { Failure, type FailureCode } from '../../src/model/failure.ts';
import { objectKey } from '../../src/model/object-key.ts';
import { readBucketBody } from '../../src/transfer/read-bodies.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { memoryBucket } from '../support/memory-bucket.ts';

/** Reads a body that fails so many times before it comes. */
async function read(failures: number, code: FailureCode) {
  const key = objectKey('k');
  const memory = memoryBucket();
  const { signal } = new AbortController();
  await memory.putBytes(
    key,
    Buffer.from('body'),
    { headers: {}, metadata: {} },
    { ifAbsent: true },
    signal,
  );
  let reads = 0;
  const bucket: Bucket = {
    ...memory,
    read: async (...asked) => {
      reads += 1;
      if (reads <= failures) throw new Failure(code, 'it broke off');
      return memory.read(...asked);
    },
  };
  const clock = fakeClock();
  const reading = readBucketBody({ bucket, key, withMd5: true, clock }, signal);
  const settled = reading.then(
    (body) => body,
    (error: unknown) => error,
  );
  await clock.advance(60_000);
  return { result: await settled, reads, sleeps: clock.sleeps };
}

it('a body of the bucket that breaks off is read again, with growing pauses', async () => {
  const { result, sleeps } = await read(3, 'LENGTH_MISMATCH');
  expect(result).toMatchObject({
    bytes: 4,
    md5: createHash('md5').update('body').digest('base64'),
  });
  expect(sleeps).toEqual([250, 500, 1000]);
});

it('one that stays broken is given up with its own code', async () => {
  const { result, reads } = await read(100, 'BUCKET_UNREACHABLE');
  expect(result).toMatchObject({ code: 'BUCKET_UNREACHABLE' });
  expect(reads).toBe(4);
});

it('one that the bucket refuses is not asked for again', async () => {
  const { result, reads } = await read(100, 'BUCKET_REFUSED');
  expect(result).toMatchObject({ code: 'BUCKET_REFUSED' });
  expect(reads).toBe(1);
});
