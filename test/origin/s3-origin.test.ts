import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OriginHead } from '../../src/model/origin.ts';
import { s3Origin } from '../../src/origin/s3-origin.ts';
import type { S3Response, S3Store } from '../../src/s3/s3-store.ts';
import { originRequest } from '../contract/origin-contract.ts';

const body = Buffer.from('hello');
const md5 = createHash('md5').update(body).digest();
let answered: Readonly<Record<string, string>>;

/** A store that answers every GET with `answered` as its headers. */
const store: S3Store = {
  name: 's3://b/',
  send: (_request, reader) =>
    reader({
      status: 200,
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
