import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { S3Store, UploadedPart } from '../../src/s3/s3-store.ts';
import { silenceSdkWarnings } from '../../src/s3/silence-sdk-warnings.ts';
import { faultOrigin } from '../support/fault-origin.ts';
import { startS3Double, type S3Double, type S3DoubleOptions } from '../support/s3-double.ts';
import { errorXml, NEVER, storeUnderTest } from './store-under-test.ts';

let double: S3Double;
let store: S3Store;

const NOW_MS = Date.UTC(2026, 10, 20, 4);
const PART_BYTES = 5 * 2 ** 20;

async function start(options: S3DoubleOptions = {}): Promise<void> {
  await double.close();
  double = await startS3Double({ now: () => NOW_MS, buckets: ['b'], ...options });
  ({ store } = storeUnderTest(double.endpoint, {
    keys: () => Promise.resolve({ ...double.keys, sessionToken: undefined }),
  }));
}

beforeEach(async () => {
  silenceSdkWarnings(process.env);
  double = await startS3Double();
  await start();
});
afterEach(async () => {
  await store.close();
  await double.close();
});

async function uploadPart(
  key: string,
  uploadId: string,
  number: number,
  body: Buffer,
): Promise<UploadedPart> {
  const query = [
    ['partNumber', String(number)],
    ['uploadId', uploadId],
  ] as const;
  const put = { method: 'PUT', key, query, headers: {}, body } as const;
  const etag = await store.send(
    put,
    ({ headers }) => Promise.resolve(headers['etag'] ?? ''),
    NEVER,
  );
  return { number, etag };
}

describe('the SDK', () => {
  // The first client of a process is the one that would warn, so this stays the first test.
  it('says nothing to users about coming versions of Node.js', async () => {
    const warnings: string[] = [];
    const note = (warning: Error): number => warnings.push(warning.message);
    process.on('warning', note);
    await store.control.headBucket(NEVER);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });
});

const object = (key: string) => double.bucket('b').objects.get(key);

describe('a multipart upload', () => {
  it('is created, listed and completed, with any key and exactly the headers given', async () => {
    const key = "dir//../a b+%2F!'()*ä\u0001";
    const headers = {
      'content-type': 'text/x-odd; a="b"',
      'cache-control': 'max-age=1',
      'x-amz-meta-own': 'v  w',
      'x-amz-storage-class': 'STANDARD_IA',
      'x-amz-tagging': 'a=b&c=d%20e',
    };
    const { control } = store;
    const id = await control.createUpload(key, headers, NEVER);
    const first = Buffer.alloc(PART_BYTES, 'a');
    const parts = [
      await uploadPart(key, id, 1, first),
      await uploadPart(key, id, 2, Buffer.from('end')),
    ];
    expect(await control.listParts(key, id, NEVER)).toEqual(parts);
    const etag = await control.completeUpload(key, id, parts, false, NEVER);
    expect(etag).toBe(object(key)?.etag);
    expect(object(key)).toMatchObject({
      headers: { 'content-type': 'text/x-odd; a="b"', 'cache-control': 'max-age=1' },
      storageClass: 'STANDARD_IA',
      tags: { a: 'b', c: 'd e' },
    });
    expect(object(key)?.bytes.length).toBe(PART_BYTES + 3);
    expect(store.requests()).toBe(double.requests.length);
    const sent = double.requests.flatMap((request) => Object.keys(request.headers));
    expect(sent.filter((name) => /^amz-sdk|^x-amz-user-agent|checksum|trailer/.test(name))).toEqual(
      [],
    );
  });

  it('is aborted', async () => {
    const id = await store.control.createUpload('k', {}, NEVER);
    await store.control.abortUpload('k', id, NEVER);
    expect(double.bucket('b').uploads.size).toBe(0);
    await expect(store.control.listParts('k', id, NEVER)).rejects.toMatchObject({
      name: 'S3Error',
      code: 'NoSuchUpload',
      status: 404,
    });
  });

  it('completed only where nothing is, loses to what is there', async () => {
    const { control } = store;
    const id = await control.createUpload('k', {}, NEVER);
    const parts = [await uploadPart('k', id, 1, Buffer.from('late'))];
    await store.send(
      { method: 'PUT', key: 'k', query: [], headers: {}, body: Buffer.from('early') },
      () => Promise.resolve(),
      NEVER,
    );
    const late = control.completeUpload('k', id, parts, true, NEVER);
    await expect(late).rejects.toMatchObject({ code: 'PreconditionFailed', status: 412 });
    expect(object('k')?.bytes.toString()).toBe('early');
  });

  it.each(['empty', 'absent'] as const)('whose ETag is %s has none', async (completeEtag) => {
    await start({ switches: { completeEtag } });
    const { control } = store;
    const id = await control.createUpload('k', {}, NEVER);
    const parts = [await uploadPart('k', id, 1, Buffer.from('x'))];
    expect(await control.completeUpload('k', id, parts, false, NEVER)).toBeUndefined();
    expect(object('k')).toBeDefined();
  });

  it('is listed through all pages', async () => {
    const { control } = store;
    const id = await control.createUpload('k', {}, NEVER);
    const body = Buffer.from('p');
    const etag = `"${createHash('md5').update(body).digest('hex')}"`;
    const numbers = Array.from({ length: 1005 }, (_, index) => index + 1);
    for (const number of numbers) await uploadPart('k', id, number, body);
    const listed = await control.listParts('k', id, NEVER);
    expect(listed).toEqual(numbers.map((number) => ({ number, etag })));
  });
});

describe('a seldom call', () => {
  it('is repeated where the answer of status 200 holds an error that may pass', async () => {
    const { control } = store;
    const id = await control.createUpload('k', {}, NEVER);
    const parts = [await uploadPart('k', id, 1, Buffer.from('x'))];
    const operation = 'CompleteMultipartUpload';
    double.fail({ operation, action: { kind: 'errorInBody', code: 'InternalError' } });
    expect(await control.completeUpload('k', id, parts, false, NEVER)).toBe(object('k')?.etag);
    expect(double.asked(operation)).toHaveLength(2);
  });

  it('is an error where the answer of status 200 goes on holding one', async () => {
    const { control } = store;
    const id = await control.createUpload('k', {}, NEVER);
    const parts = [await uploadPart('k', id, 1, Buffer.from('x'))];
    double.fail({
      operation: 'CompleteMultipartUpload',
      times: 9,
      action: { kind: 'errorInBody', code: 'InternalError' },
    });
    await expect(control.completeUpload('k', id, parts, false, NEVER)).rejects.toMatchObject({
      name: 'S3Error',
      code: 'InternalError',
      attempts: 3,
    });
  });

  it('is repeated by our policy alone, after a lost answer too', async () => {
    double.fail({ operation: 'CreateMultipartUpload', action: { kind: 'loseAnswer' } });
    double.fail({
      operation: 'CreateMultipartUpload',
      nth: 2,
      action: { kind: 'refuse', status: 503, code: 'SlowDown', retryAfter: '1' },
    });
    await store.control.createUpload('k', {}, NEVER);
    expect(double.asked('CreateMultipartUpload')).toHaveLength(3);
  });

  it('shares what was learnt about region and clock', async () => {
    await start({ region: 'eu-west-3', switches: { clockOffsetMs: 3_600_000 } });
    double.bucket('b').objects.clear();
    await store.send(
      { method: 'PUT', key: 'k', query: [], headers: {}, body: undefined },
      () => Promise.resolve(),
      NEVER,
    );
    const before = double.requests.length;
    expect(before).toBe(3);
    await store.control.createUpload('k', {}, NEVER);
    expect(double.requests.length).toBe(before + 1);
  });

  it('tells whether the bucket is there', async () => {
    await expect(store.control.headBucket(NEVER)).resolves.toBeUndefined();
    const { store: none } = storeUnderTest(double.endpoint, {
      bucket: 'none',
      keys: () => Promise.resolve({ ...double.keys, sessionToken: undefined }),
    });
    await expect(none.control.headBucket(NEVER)).rejects.toMatchObject({ status: 404 });
  });

  it('that is aborted ends with the reason, whatever that is', async () => {
    const controller = new AbortController();
    double.fail({ operation: 'CreateMultipartUpload', action: { kind: 'hang' } });
    const call = store.control.createUpload('k', {}, controller.signal);
    setTimeout(() => {
      controller.abort('SIGTERM');
    }, 30);
    await expect(call).rejects.toBe('SIGTERM');
    await expect(store.control.headBucket(controller.signal)).rejects.toBe('SIGTERM');
  });

  it.each([
    ['a page for people', '<html><body>hello</body></html>'],
    ['nothing', ''],
    ['half a document', '<InitiateMultipartUploadResult><UploadId>x'],
  ])('answered with %s is an error of the store', async (_, body) => {
    const origin = await faultOrigin();
    origin.script('/b/k?uploads=', { body });
    const { store: odd } = storeUnderTest(origin.url);
    await expect(odd.control.createUpload('k', {}, NEVER)).rejects.toMatchObject({
      name: 'S3Error',
      code: 'InvalidAnswer',
    });
    await origin.close();
  });

  it('that completes may be answered with nothing, not with half a document', async () => {
    const origin = await faultOrigin();
    origin.script('/b/k?uploadId=u', [{ body: '' }, { body: '<R><ETag>"x"' }]);
    const { store: odd } = storeUnderTest(origin.url);
    const complete = () => {
      const parts = [{ number: 1, etag: '"a&<b>"' }];
      return odd.control.completeUpload('k', 'u', parts, true, NEVER);
    };
    expect(await complete()).toBeUndefined();
    await expect(complete()).rejects.toMatchObject({ name: 'S3Error', code: 'InvalidAnswer' });
    const [sent] = origin.requests;
    expect(sent?.headers).toMatchObject({
      'content-type': 'application/xml',
      'if-none-match': '*',
    });
    expect(sent?.body.toString()).toContain(
      '<Part><ETag>&quot;a&amp;&lt;b&gt;&quot;</ETag><PartNumber>1</PartNumber></Part>',
    );
    await origin.close();
  });

  it('refused with an error keeps its code, status and request id', async () => {
    const origin = await faultOrigin();
    origin.script('/b/k?uploads=', { status: 400, body: errorXml('InvalidStorageClass') });
    const { store: odd } = storeUnderTest(origin.url);
    await expect(odd.control.createUpload('k', {}, NEVER)).rejects.toMatchObject({
      code: 'InvalidStorageClass',
      status: 400,
      requestId: 'R1',
      attempts: 1,
    });
    await origin.close();
  });
});
