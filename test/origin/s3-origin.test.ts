import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FatalError } from '../../src/model/failure.ts';
import type { OriginHead } from '../../src/model/origin.ts';
import { s3Origin } from '../../src/origin/s3-origin.ts';
import { S3Error } from '../../src/s3/s3-error.ts';
import type { S3Response, S3Store } from '../../src/s3/s3-store.ts';
import { originRequest } from '../contract/origin-contract.ts';

const body = Buffer.from('hello');
const md5 = createHash('md5').update(body).digest();
let answered: Readonly<Record<string, string>>;
let status = 200;

/** A store that answers every GET with `answered` as its headers. */
const store: S3Store = {
  name: 's3://b/',
  signsBodies: false,
  send: (_request, reader) =>
    reader({
      status,
      headers: answered,
      setCookies: [],
      length: body.length,
      framing: 'length',
      attempts: 1,
      bytes: () => Promise.resolve(body),
      pipeTo: () => Promise.resolve(body.length),
    } satisfies S3Response),
  control: new Proxy({} as S3Store['control'], {}),
  requests: () => 0,
  close: () => Promise.resolve(),
};

let head: OriginHead | undefined;
beforeEach(() => {
  answered = {};
  status = 200;
});
afterEach(() => {
  head = undefined;
});

async function read(): Promise<OriginHead | undefined> {
  const origin = s3Origin({ name: 's3://b/p/', store, locate: (key) => `p/${key}` });
  await origin.read(
    originRequest('k'),
    (answer) => {
      head = answer.head;
      return Promise.resolve();
    },
    new AbortController().signal,
  );
  return head;
}

describe('the MD5 that an ETag is', () => {
  const etag = `"${md5.toString('hex')}"`;
  test.each([
    ['of a plain object', { etag }, md5.toString('base64')],
    ['under AES256', { etag, 'x-amz-server-side-encryption': 'AES256' }, md5.toString('base64')],
    ['under KMS', { etag, 'x-amz-server-side-encryption': 'aws:kms' }, undefined],
    [
      "under the customer's key",
      { etag, 'x-amz-server-side-encryption-customer-algorithm': 'AES256' },
      undefined,
    ],
    ['of an upload in parts', { etag: `"${md5.toString('hex')}-3"` }, undefined],
    ['of a store with tags of its own', { etag: '"abc"' }, undefined],
    ['that is absent', {}, undefined],
  ])('%s', async (_name, headers, expected) => {
    answered = headers;
    expect((await read())?.md5).toBe(expected);
  });
});

test('a URL that a list gives is not asked of a store', async () => {
  const origin = s3Origin({ name: 's3://b/', store, locate: (key) => key });
  const request = originRequest('k', { url: 'https://elsewhere.example/k' });
  const reading = origin.read(request, () => Promise.resolve(), new AbortController().signal);
  await expect(reading).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE', origin: 's3://b/' });
});

test('the URL that is noted names bucket and key', async () => {
  expect((await read())?.url).toBe('s3://b/p/k');
});

test('metadata in encoded words is given as its bytes, validators as they came', async () => {
  const word = '=?UTF-8?Q?Gr=C3=B6=C3=9Fe?=';
  answered = {
    etag: `"${word}"`,
    'last-modified': word,
    'x-amz-meta-name': word,
    'x-amz-meta-plain': '=?UTF-8?Q?plain?=',
    'content-disposition': `attachment; filename="${word}"`,
  };
  expect((await read())?.headers).toEqual({
    ...answered,
    'x-amz-meta-name': Buffer.from('Größe').toString('latin1'),
  });
});

function refusal(code: string, status: number): S3Error {
  return new S3Error({
    code,
    status,
    said: '',
    requestId: undefined,
    retryAfterMs: undefined,
    region: undefined,
    attempts: 1,
  });
}

test.each([
  ['InvalidAccessKeyId', 403, 'ORIGIN_UNREACHABLE', undefined],
  ['SignatureDoesNotMatch', 403, 'ORIGIN_UNREACHABLE', undefined],
  ['ExpiredToken', 400, 'ORIGIN_UNREACHABLE', undefined],
  ['NoSuchBucket', 404, 'ORIGIN_UNREACHABLE', undefined],
  ['PermanentRedirect', 301, 'ORIGIN_UNREACHABLE', undefined],
  ['AccessDenied', 403, 'ORIGIN_STATUS', 403],
  ['NoSuchKey', 404, 'ORIGIN_NOT_FOUND', 404],
  ['QuotaExceeded', 507, 'ORIGIN_STATUS', 507],
])('%s (%i) of a read is %s', async (code, answeredStatus, failure, told) => {
  const refusing: S3Store = {
    ...store,
    send: () => Promise.reject(refusal(code, answeredStatus)),
  };
  const origin = s3Origin({ name: 's3://b/', store: refusing, locate: (key) => key });
  const never = new AbortController().signal;
  const reading = origin.read(originRequest('k'), () => Promise.resolve(), never);
  await expect(reading).rejects.toMatchObject({ code: failure, origin: 's3://b/', status: told });
});

test.each([204, 202, 206, 304])(
  'a %i where the whole object was asked for is none',
  async (code) => {
    status = code;
    await expect(read()).rejects.toMatchObject({ code: 'ORIGIN_STATUS', status: code });
    expect(head).toBeUndefined();
  },
);

test('keys that can not be had for this address let another one be asked', async () => {
  const keyless: S3Store = {
    ...store,
    send: () => Promise.reject(new FatalError('origins-unusable', 'no profile of that name')),
  };
  const origin = s3Origin({ name: 's3://b/', store: keyless, locate: (key) => key });
  const never = new AbortController().signal;
  const reading = origin.read(originRequest('k'), () => Promise.resolve(), never);
  await expect(reading).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE', origin: 's3://b/' });
});

describe('a probe', () => {
  const probing = (head: S3Error | undefined, list: S3Error | undefined): Promise<void> => {
    const answer = (error: S3Error | undefined) =>
      error === undefined ? Promise.resolve() : Promise.reject(error);
    const probed = {
      ...store,
      send: () => answer(list),
      control: { headBucket: () => answer(head) },
    } as unknown as S3Store;
    const origin = s3Origin({ name: 's3://b/', store: probed, locate: (key) => key });
    return origin.probe(new AbortController().signal);
  };
  const denied = refusal('AccessDenied', 403);

  test.each([
    ['the bucket answers', undefined, undefined],
    ['it may be read and not listed', denied, denied],
    ['it may be listed and not asked by HEAD', denied, undefined],
    ['the store throttles', refusal('SlowDown', 503), denied],
    ['the listing is throttled', denied, refusal('SlowDown', 503)],
  ])('is fine where %s', async (_name, head, list) => {
    await expect(probing(head, list)).resolves.toBeUndefined();
  });

  test.each([
    ['there is no such bucket', refusal('NotFound', 404), refusal('NoSuchBucket', 404)],
    ['nobody knows the bucket', refusal('NotFound', 404), refusal('NotFound', 404)],
    ['the listing is refused otherwise', denied, refusal('InvalidRequest', 400)],
    ['the key is unknown', denied, refusal('InvalidAccessKeyId', 403)],
    ['the secret is wrong', denied, refusal('SignatureDoesNotMatch', 403)],
  ])('fails where %s', async (_name, head, list) => {
    await expect(probing(head, list)).rejects.toMatchObject({
      code: 'ORIGIN_UNREACHABLE',
      status: undefined,
      origin: 's3://b/',
    });
  });
});
