import { afterEach, describe, expect, it } from 'vitest';

import { objectKey } from '../../src/model/object-key.ts';
import type { S3Bucket } from '../../src/bucket/s3-bucket.ts';
import type { S3Needs } from '../../src/bucket/s3-check.ts';
import type { HttpClient } from '../../src/http/http-client.ts';
import { openS3Store } from '../../src/s3/open-s3-store.ts';
import {
  loopbackClient,
  s3UnderTest,
  type S3UnderTest,
  type UnderTestOptions,
} from './s3-under-test.ts';

const { signal } = new AbortController();
const ALL: S3Needs = { write: true, presence: true };
const PROBE = '.bucketfill-write-check';

let under: S3UnderTest;
let http: HttpClient | undefined;
afterEach(async () => {
  await http?.close();
  http = undefined;
  await under.destroy();
});

async function open(options: UnderTestOptions = {}): Promise<S3UnderTest> {
  under = await s3UnderTest(options);
  return under;
}

/** A bucket whose store tries nine times in a run. */
async function openPatiently(): Promise<S3Bucket> {
  const { double } = await open();
  http = loopbackClient();
  const store = openS3Store({
    name: 's3://bucket/',
    endpoint: double.endpoint,
    region: double.region,
    bucket: 'bucket',
    pathStyle: true,
    keys: () => Promise.resolve({ ...double.keys, sessionToken: undefined }),
    requesterPays: false,
    http,
    identity: {},
    clock: { now: () => Date.now(), sleep: () => Promise.resolve() },
    retry: { attempts: 9, delayMs: () => 0 },
  });
  return under.again({ store });
}

const check = (needs = ALL) => under.bucket.check(needs, signal);
const unusable = (words: string) => ({
  name: 'FatalError',
  kind: 'bucket-unusable',
  message: expect.stringMatching(
    new RegExp(`^bucket s3://bucket/ [^\n]*${words}[^\n]*$`),
  ) as string,
});
const keys = (more: object) => ({ accessKeyId: 'me', secretAccessKey: 'secret', ...more });

describe('the start check of an S3 bucket', () => {
  it('passes where all is well, leaves nothing, and knows about conditional writes', async () => {
    await open({ bucket: { prefix: 'p/', storageClass: 'STANDARD_IA', acl: 'private' } });
    expect(await check()).toEqual([]);
    expect(under.bucket.exclusiveCreate()).toBe(true);
    const probes = under.double.asked('PutObject');
    expect(probes.map(({ key, status }) => [key, status])).toEqual([
      [`p/${PROBE}`, 200],
      [`p/${PROBE}`, 412],
    ]);
    expect(probes[0]?.headers).toMatchObject({
      'x-amz-storage-class': 'STANDARD_IA',
      'x-amz-acl': 'private',
      'content-md5': expect.any(String) as string,
    });
    expect(under.inside.keys()).toEqual([]);
    const asked = under.double.requests.length;
    const key = objectKey('a');
    const nothing = { headers: {}, metadata: {} };
    await under.bucket.putBytes(key, Buffer.from('x'), nothing, { ifAbsent: true }, signal);
    expect(under.double.requests.length).toBe(asked + 1);
  });

  it('writes nothing in a dry run, and looks nothing up that nobody will ask for', async () => {
    await open();
    expect(await check({ write: false, presence: true })).toEqual([]);
    expect(await check({ write: false, presence: false })).toEqual([]);
    const operations = under.double.requests.map(({ operation }) => operation);
    // What may be read is asked at once.
    expect(operations.sort()).toEqual(['HeadBucket', 'HeadBucket', 'HeadObject']);
  });

  it('reads, but writes nothing, before the run is admitted', async () => {
    await open();
    let admit: () => void = () => undefined;
    const admitted = new Promise<void>((resolve) => (admit = resolve));
    const checking = check({ ...ALL, admitted });
    await expect.poll(() => under.double.requests.length).toBe(2);
    expect(under.double.asked('PutObject')).toEqual([]);
    admit();
    expect(await checking).toEqual([]);
    expect(under.double.asked('PutObject')).toHaveLength(2);
  });

  it('fails as the run is refused, whatever the bucket says, and writes nothing', async () => {
    await open({ double: { keys: [keys({ secretAccessKey: 'another' })] } });
    const refused = new Error('no origin');
    const admitted = Promise.reject(refused);
    await expect(check({ ...ALL, admitted })).rejects.toBe(refused);
    expect(under.double.asked('PutObject')).toEqual([]);
  });

  it('finds conditional writes supported where an earlier check could not clean up', async () => {
    await open();
    const nothing = { headers: {}, metadata: {} };
    const left = objectKey(PROBE);
    await under.bucket.putBytes(left, Buffer.from('x'), nothing, { ifAbsent: false }, signal);
    await check();
    expect(under.bucket.exclusiveCreate()).toBe(true);
    expect(under.double.asked('PutObject')).toHaveLength(2);
  });

  it('is not misled by another process whose check removes the object in between', async () => {
    await open();
    const other = under.again({});
    await Promise.all([check(), other.check(ALL, signal), check(), other.check(ALL, signal)]);
    expect(under.bucket.exclusiveCreate()).toBe(true);
    expect(other.exclusiveCreate()).toBe(true);
  });

  it.each(['ignored', 'notImplemented'] as const)(
    'notices that conditional writes are %s',
    async (conditionalWrites) => {
      await open({ double: { switches: { conditionalWrites } } });
      const [notice, ...others] = await check();
      expect(notice).toMatch(/^bucket s3:\/\/bucket\/ has no conditional writes: .*looked up/);
      expect(others).toEqual([]);
      expect(under.bucket.exclusiveCreate()).toBe(false);
      expect(under.inside.keys()).toEqual([]);
    },
  );

  it('fails where conditional writes are demanded and not there', async () => {
    await open({
      double: { switches: { conditionalWrites: 'ignored' } },
      bucket: { conditionalWrites: 'always' },
    });
    await expect(check()).rejects.toMatchObject(unusable('conditionalWrites: auto'));
  });

  it('does not ask for conditional writes that are never wanted', async () => {
    await open({ bucket: { conditionalWrites: 'never' } });
    expect(await check()).toEqual([]);
    expect(under.double.asked('PutObject').map(({ headers }) => headers['if-none-match'])).toEqual([
      undefined,
    ]);
    expect(under.bucket.exclusiveCreate()).toBe(false);
  });

  it('says what stays where deleting is denied', async () => {
    await open();
    under.double.fail({
      operation: 'DeleteObject',
      action: { kind: 'refuse', status: 403, code: 'AccessDenied' },
    });
    expect(await check()).toEqual([expect.stringContaining(`${PROBE} stays there: AccessDenied`)]);
    expect(under.bucket.exclusiveCreate()).toBe(true);
  });

  it('does not count a lost answer as a condition that is ignored', async () => {
    await open();
    under.double.fail({ operation: 'PutObject', action: { kind: 'loseAnswer' } });
    await check();
    expect(under.bucket.exclusiveCreate()).toBe(true);
  });

  it.each([
    ['a bucket that is not there', { bucketName: 'gone' }, 'bucket does not exist'],
    ['an unknown key', { keys: keys({}) }, 'access key id'],
    [
      'a wrong secret',
      { keys: { accessKeyId: 'test', secretAccessKey: 'wrong' } },
      'secret access key',
    ],
  ])('fails for %s', async (_, options, words) => {
    await open(options);
    await expect(check()).rejects.toMatchObject(unusable(words));
    await expect(check({ write: false, presence: false })).rejects.toMatchObject(unusable(words));
  });

  it('fails where nobody listens at the endpoint', async () => {
    await open();
    await under.double.close();
    await expect(check()).rejects.toMatchObject(unusable('127.0.0.1'));
  });

  it('fails after three requests where the bucket does not answer, whatever a run allows', async () => {
    const bucket = await openPatiently();
    under.double.fail({ operation: 'HeadBucket', times: 99, action: { kind: 'reset' } });
    const checking = bucket.check({ write: true, presence: false }, signal);
    await expect(checking).rejects.toMatchObject(unusable('127.0.0.1'));
    expect(under.double.requests).toHaveLength(3);
  });

  it.each(['HeadBucket', 'HeadObject', 'PutObject'] as const)(
    'fails after three requests where %s is answered by errors',
    async (operation) => {
      const bucket = await openPatiently();
      const action = { kind: 'refuse', status: 503, code: 'SlowDown' } as const;
      under.double.fail({ operation, times: 99, action });
      const checking = bucket.check(ALL, signal);
      await expect(checking).rejects.toMatchObject(unusable('lower --concurrency'));
      expect(under.double.asked(operation)).toHaveLength(3);
    },
  );

  it('leaves all of its attempts to a run', async () => {
    const bucket = await openPatiently();
    await bucket.check(ALL, signal);
    const action = { kind: 'refuse', status: 503, code: 'SlowDown' } as const;
    under.double.fail({ operation: 'HeadObject', times: 8, action });
    expect(await bucket.head(objectKey('a'), signal)).toBeUndefined();
  });

  it('fails where a key that nobody has seems to be there', async () => {
    await open();
    under.double.fail({ operation: 'HeadObject', action: { kind: 'document', text: 'hello' } });
    await expect(check()).rejects.toMatchObject(unusable('every object would seem to be there'));
  });

  it('fails without s3:ListBucket only where presence must be told', async () => {
    await open({ double: { keys: [keys({ mayList: false })] } });
    await expect(check()).rejects.toMatchObject(unusable('s3:ListBucket'));
    expect(await check({ write: true, presence: false })).toEqual([]);
  });

  it('fails where HEAD is refused although listing is granted', async () => {
    await open();
    under.double.fail({
      operation: 'HeadObject',
      action: { kind: 'refuse', status: 403, code: '' },
    });
    await expect(check()).rejects.toMatchObject(unusable('s3:GetObject'));
  });

  it.each([
    ['AccessDenied', 403, 's3:PutObject'],
    ['InvalidStorageClass', 400, 'storageClass'],
    ['AccessControlListNotSupported', 400, 'bucket.acl'],
  ])('fails where the write is refused: %s', async (code, status, words) => {
    await open();
    under.double.fail({ operation: 'PutObject', action: { kind: 'refuse', status, code } });
    await expect(check()).rejects.toMatchObject(unusable(words));
  });

  it('ends with the reason of its signal', async () => {
    await open();
    under.double.fail({ operation: 'HeadObject', action: { kind: 'hang' } });
    const stop = new AbortController();
    const reason = new Error('stopped');
    setTimeout(() => {
      stop.abort(reason);
    }, 20);
    await expect(under.bucket.check(ALL, stop.signal)).rejects.toBe(reason);
  });
});
