import { expect, test } from 'vitest';
import { watchBucket } from '../../src/guard/watch-bucket.ts';
import { Failure, FatalError } from '../../src/model/failure.ts';
import { objectKey } from '../../src/model/object-key.ts';
import { memoryBucket } from '../support/memory-bucket.ts';

const key = objectKey('k');
const signal = new AbortController().signal;
const gone = new Failure('BUCKET_UNREACHABLE', 'nobody answers');

test('an object that the store has trouble with is a failure while the store answers', async () => {
  const bucket = { ...memoryBucket(), head: () => Promise.reject(gone) };
  const watched = watchBucket(bucket, () => Promise.resolve());
  await expect(watched.head(key, signal)).rejects.toBe(gone);
});

test('a store that does not answer at all ends the run, and is asked once for all', async () => {
  let probes = 0;
  const bucket = { ...memoryBucket(), head: () => Promise.reject(gone) };
  const watched = watchBucket(bucket, async () => {
    probes += 1;
    await new Promise((resolve) => setTimeout(resolve, 5));
    throw gone;
  });
  const calls = await Promise.allSettled([watched.head(key, signal), watched.head(key, signal)]);
  for (const call of calls) {
    expect(call).toMatchObject({ status: 'rejected', reason: { kind: 'bucket-unusable' } });
  }
  expect(probes).toBe(1);
});

test('parts and commits of an upload are watched as well', async () => {
  const upload = {
    write: () => Promise.reject(gone),
    commit: () => Promise.reject(gone),
    abort: () => Promise.resolve('gone' as const),
  };
  const bucket = { ...memoryBucket(), openUpload: () => Promise.resolve(upload) };
  const watched = watchBucket(bucket, () => Promise.reject(gone));
  const nothing = { headers: {}, metadata: {} };
  const opened = await watched.openUpload(key, nothing, { ifAbsent: false }, signal);
  await expect(opened.write(Buffer.from('x'))).rejects.toBeInstanceOf(FatalError);
  await expect(opened.commit()).rejects.toBeInstanceOf(FatalError);
});

test('refusals are for the object alone, and nobody is asked', async () => {
  const refused = new Failure('BUCKET_REFUSED', 'no');
  const bucket = { ...memoryBucket(), head: () => Promise.reject(refused) };
  const watched = watchBucket(bucket, () => Promise.reject(new Error('was asked')));
  await expect(watched.head(key, signal)).rejects.toBe(refused);
});
