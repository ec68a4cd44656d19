import { expect, test } from 'vitest';
import { watchBucketHealth } from '../../src/cli/bucket-health.ts';
import { Failure } from '../../src/model/failure.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { memoryBucket } from '../support/memory-bucket.ts';

test('a bucket that does not answer is not ready, until it answers again', async () => {
  const clock = fakeClock();
  const stop = new AbortController();
  let gone: Failure | undefined;
  const bucket = {
    ...memoryBucket(),
    read: () => (gone === undefined ? Promise.resolve(undefined) : Promise.reject(gone)),
  };
  const health = watchBucketHealth(bucket, clock, stop.signal);
  expect(health.ready()).toEqual({ ready: true });
  gone = new Failure('BUCKET_UNREACHABLE', 'it is gone');
  await clock.advance(5000);
  expect(health.ready()).toEqual({ ready: false, reason: 'it is gone' });
  gone = undefined;
  await clock.advance(5000);
  expect(health.ready()).toEqual({ ready: true });
  stop.abort(new Error('done'));
});
