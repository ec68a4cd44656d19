import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { objectKey } from '../../src/model/object-key.ts';
import type { Fault } from '../support/s3-double-faults.ts';
import { s3UnderTest, type S3UnderTest } from './s3-under-test.ts';

const { signal } = new AbortController();
const KEY = objectKey('a');
const NOTHING = { headers: {}, metadata: {} };
const ALWAYS = { ifAbsent: false };

let under: S3UnderTest;
beforeEach(async () => {
  under = await s3UnderTest();
  await under.bucket.putBytes(KEY, Buffer.from('bytes'), NOTHING, ALWAYS, signal);
});
afterEach(async () => {
  await under.destroy();
});

describe('an S3 bucket without room', () => {
  it.each([
    ['QuotaExceeded', 403],
    ['XMinioStorageFull', 507],
    ['InsufficientStorage', 507],
    ['', 507],
  ])('ends the run: %s (%i)', async (code, status) => {
    under.double.fail({ operation: 'PutObject', action: { kind: 'refuse', status, code } });
    const stored = under.bucket.putBytes(KEY, Buffer.from('more'), NOTHING, ALWAYS, signal);
    await expect(stored).rejects.toMatchObject({
      name: 'FatalError',
      kind: 'bucket-unusable',
      message: expect.stringMatching(/^bucket s3:\/\/bucket\/ [^\n]*quota is used up/) as string,
    });
    expect(under.double.asked('PutObject')).toHaveLength(2);
    expect(under.inside.objects.get('a')?.bytes.toString()).toBe('bytes');
  });
});

describe('a success that is not 200', () => {
  const other = (operation: Fault['operation'], status: number): void => {
    under.double.fail({ operation, action: { kind: 'status', status } });
  };
  const refused = (status: number) => ({
    name: 'Failure',
    code: 'BUCKET_REFUSED',
    status,
    requestId: 'DOUBLE',
    message: expect.stringContaining(`answered ${status} `) as string,
  });

  it.each([201, 202, 203, 204, 206, 304])('is no presence: HEAD gets %i', async (status) => {
    other('HeadObject', status);
    await expect(under.bucket.head(KEY, signal)).rejects.toMatchObject(refused(status));
    expect(await under.bucket.head(KEY, signal)).toMatchObject({ size: 5 });
  });

  it.each([201, 202, 203, 204, 206, 304])('is no object: GET gets %i', async (status) => {
    other('GetObject', status);
    let seen = false;
    const reading = under.bucket.read(
      KEY,
      () => {
        seen = true;
        return Promise.resolve();
      },
      signal,
    );
    await expect(reading).rejects.toMatchObject(refused(status));
    expect(seen).toBe(false);
  });
});
