import { beforeAll, expect, test } from 'vitest';

import { s3Bucket } from '../../src/bucket/s3-bucket.ts';
import { byteBudget } from '../../src/guard/byte-budget.ts';
import { objectKey } from '../../src/model/object-key.ts';
import { openS3Store } from '../../src/s3/open-s3-store.ts';
import { loopbackClient } from '../bucket/s3-under-test.ts';
import { bucketContract } from '../contract/bucket-contract.ts';
import {
  objectRemoverContract,
  type RemoverUnderTest,
} from '../contract/object-remover-contract.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { conformanceClient } from '../contract/s3-conformance-client.ts';
import { radosgw, type RealStore } from './s3-server.ts';

/** Requests that are made for one call. */
const ATTEMPTS = 3;

/** A bucket object on a bucket of a real store. */
function bucketOn(store: RealStore, bucket: string): RemoverUnderTest {
  const http = loopbackClient();
  const { accessKeyId, secretAccessKey } = store;
  const opened = openS3Store({
    name: `s3://${bucket}/`,
    endpoint: store.endpoint,
    region: store.region,
    bucket,
    pathStyle: true,
    keys: () => Promise.resolve({ accessKeyId, secretAccessKey, sessionToken: undefined }),
    requesterPays: false,
    http,
    identity: {},
    clock: { now: () => Date.now(), sleep: () => Promise.resolve() },
    retry: { attempts: ATTEMPTS, delayMs: () => 0 },
  });
  return {
    bucket: s3Bucket({
      store: opened,
      name: `s3://${bucket}/`,
      prefix: '',
      storageClass: undefined,
      acl: undefined,
      sse: undefined,
      checksum: 'auto',
      conditionalWrites: 'auto',
      memory: byteBudget(256 * 2 ** 20),
      clock: fakeClock(),
      onBoundary: () => undefined,
    }),
    destroy: async () => {
      await opened.close();
      await http.close();
    },
  };
}

const START_TIMEOUT_MS = 180_000;

beforeAll(async () => {
  await radosgw();
}, START_TIMEOUT_MS);

async function freshBucket(): Promise<RemoverUnderTest> {
  const store = await radosgw();
  return bucketOn(store, await store.makeBucket());
}

/** A NUL ends its strings: it refuses such keys (s3-differences.ts). */
const holds = (key: string): boolean => !key.includes('\u0000');

bucketContract('the S3 bucket on radosgw', freshBucket, holds);
objectRemoverContract('the S3 bucket on radosgw', freshBucket, holds);

const { signal } = new AbortController();
const NOTHING_BESIDE = { headers: {}, metadata: {} };

test('parts of 5 MiB become one object on radosgw, and an abort leaves no upload over', async () => {
  const store = await radosgw();
  const name = await store.makeBucket();
  const { bucket, destroy } = bucketOn(store, name);
  const multipart = { thresholdBytes: 5 * 2 ** 20, partSizeBytes: 5 * 2 ** 20, concurrency: 3 };
  const whole = Buffer.alloc(17 * 2 ** 20 + 3, 'radosgw ');
  const options = { ifAbsent: false, length: whole.length, multipart };
  const key = objectKey('large/object.bin');

  const upload = await bucket.openUpload(key, NOTHING_BESIDE, options, signal);
  for (let at = 0; at < whole.length; at += 1_000_003) {
    await upload.write(whole.subarray(at, at + 1_000_003));
  }
  const result = await upload.commit();
  expect(result.outcome === 'stored' ? result.etag : result.outcome).toMatch(/-4"$/);
  const read = (answer: { bytes(limit: number): Promise<Uint8Array> }) =>
    answer.bytes(whole.length);
  const bytes = await bucket.read(key, read, signal);
  expect(whole.equals(bytes ?? new Uint8Array(0))).toBe(true);

  const given = await bucket.openUpload(objectKey('given-up'), NOTHING_BESIDE, options, signal);
  await given.write(whole.subarray(0, 11 * 2 ** 20));
  await given.abort();
  const client = conformanceClient(store, name);
  const uploads = await client.ask({ method: 'GET', query: { uploads: '' } });
  client.close();
  expect(uploads.verdict).toBe('200');
  expect(uploads.text).not.toContain('<UploadId>');
  await destroy();
});
