import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { objectKey } from '../../src/model/object-key.ts';
import { ATTEMPTS, s3UnderTest, type S3UnderTest } from './s3-under-test.ts';

const { signal } = new AbortController();
const KEY = objectKey('a');

let under: S3UnderTest;
beforeEach(async () => {
  under = await s3UnderTest();
  await under.bucket.putBytes(
    KEY,
    Buffer.from('bytes'),
    { headers: {}, metadata: {} },
    { ifAbsent: false },
    signal,
  );
});
afterEach(async () => {
  await under.destroy();
});

const refuse = (status: number, code: string, times = 1) => {
  under.double.fail({
    operation: 'DeleteObject',
    action: { kind: 'refuse', status, code },
    times,
  });
};

describe('removing an object from an S3 bucket', () => {
  it('is one request, for the key below the prefix', async () => {
    const below = under.again({ prefix: 'p/' });
    await below.putBytes(
      KEY,
      Buffer.from('below'),
      { headers: {}, metadata: {} },
      { ifAbsent: false },
      signal,
    );
    await below.remove(KEY, signal);
    expect([...under.inside.objects.keys()]).toEqual(['a']);
    expect(under.double.asked('DeleteObject')).toHaveLength(1);
  });

  it('takes a NoSuchKey for done', async () => {
    refuse(404, 'NoSuchKey');
    await under.bucket.remove(KEY, signal);
    expect(under.double.asked('DeleteObject')).toHaveLength(1);
  });

  it('takes no other 404 for done', async () => {
    refuse(404, 'NoSuchBucket');
    await expect(under.bucket.remove(KEY, signal)).rejects.toMatchObject({
      name: 'FatalError',
      kind: 'bucket-unusable',
    });
    refuse(404, '');
    await expect(under.bucket.remove(KEY, signal)).rejects.toMatchObject({
      code: 'BUCKET_REFUSED',
      status: 404,
    });
    expect(under.inside.objects.has('a')).toBe(true);
  });

  it('fails where it may not, with what is wrong, and what the store calls the request', async () => {
    refuse(403, 'AccessDenied');
    await expect(under.bucket.remove(KEY, signal)).rejects.toMatchObject({
      code: 'BUCKET_REFUSED',
      status: 403,
      message: expect.stringMatching(/^bucket s3:\/\/bucket\/ could not remove "a"/) as string,
      requestId: expect.stringMatching(/\w/) as string,
    });
  });

  it('is asked for again while the store is throttled, and given up in the end', async () => {
    refuse(503, 'SlowDown', ATTEMPTS);
    await expect(under.bucket.remove(KEY, signal)).rejects.toMatchObject({
      code: 'BUCKET_THROTTLED',
    });
    refuse(503, 'SlowDown', ATTEMPTS - 1);
    await under.bucket.remove(KEY, signal);
    expect(under.inside.objects.size).toBe(0);
  });

  it.each([202, 304])('takes the status %i for no removal', async (status) => {
    under.double.fail({ operation: 'DeleteObject', action: { kind: 'status', status } });
    await expect(under.bucket.remove(KEY, signal)).rejects.toMatchObject({
      code: 'BUCKET_REFUSED',
      status,
    });
  });

  it('refuses a key that is too long with the prefix', async () => {
    const below = under.again({ prefix: 'p/' });
    const long = objectKey('x'.repeat(1023));
    await expect(below.remove(long, signal)).rejects.toMatchObject({ code: 'KEY_INVALID' });
  });
});
