import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  conformanceClient,
  type ConformanceClient,
  type RawAnswer,
} from '../contract/s3-conformance-client.ts';
import type { DoubleBucket } from '../support/s3-double-state.ts';
import { DOUBLE_KEYS, startS3Double, type S3Double } from '../support/s3-double.ts';

let double: S3Double;
let client: ConformanceClient;
let bucket: DoubleBucket;

beforeEach(async () => {
  double = await startS3Double({ switches: { minPartBytes: 4 } });
  const { endpoint, region } = double;
  client = conformanceClient({ endpoint, region, ...DOUBLE_KEYS }, 'bucket');
  bucket = double.bucket('bucket');
});

afterEach(async () => {
  client.close();
  await double.close();
});

type Fields = Readonly<Record<string, string>>;

const put = (headers: Fields = {}, key = 'a'): Promise<RawAnswer> =>
  client.ask({ method: 'PUT', key, body: 'body', headers });

const IF_ABSENT = { 'if-none-match': '*' };

async function open(headers: Fields = {}): Promise<string> {
  const answer = await client.ask({
    method: 'POST',
    key: 'a',
    query: { uploads: '' },
    headers,
  });
  return /<UploadId>([^<]+)</.exec(answer.text)?.[1] ?? '';
}

function part(uploadId: string, number: number, body: string, headers: Fields = {}) {
  const query = { uploadId, partNumber: String(number) };
  return client.ask({ method: 'PUT', key: 'a', query, body, headers });
}

function finish(uploadId: string, parts: readonly string[], headers: Fields = {}) {
  const body = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`;
  return client.ask({ method: 'POST', key: 'a', query: { uploadId }, body, headers });
}

const listed = (number: number, { headers }: RawAnswer, more = ''): string =>
  `<Part><PartNumber>${String(number)}</PartNumber><ETag>${headers['etag'] ?? ''}</ETag>${more}</Part>`;

async function wholeUpload(): Promise<RawAnswer> {
  const id = await open();
  return finish(id, [listed(1, await part(id, 1, 'body'))]);
}

describe('a double that is switched', () => {
  it('ignores conditional writes, or refuses them', async () => {
    await put();
    double.switches.conditionalWrites = 'ignored';
    expect((await put(IF_ABSENT)).verdict).toBe('200');
    double.switches.conditionalWrites = 'notImplemented';
    expect((await put(IF_ABSENT, 'new')).verdict).toBe('501 NotImplemented');
    expect(bucket.keys()).toEqual(['a']);
    double.switches.conditionalWrites = 'supported';
    expect((await put(IF_ABSENT)).verdict).toBe('412 PreconditionFailed');
  });

  it('has another smallest part and another largest body', async () => {
    const id = await open();
    const parts = [
      listed(1, await part(id, 1, 'abcd')),
      listed(2, await part(id, 2, 'abc')),
      listed(3, await part(id, 3, 'a')),
    ];
    expect((await finish(id, parts)).verdict).toBe('400 EntityTooSmall');
    expect((await finish(id, parts.slice(0, 2))).verdict).toBe('200');
    double.switches.maxPutBytes = 3;
    expect((await put()).verdict).toBe('400 EntityTooLarge');
  });

  it('has listings of version 1 only, or of short pages', async () => {
    for (const key of ['a', 'b', 'c']) await put({}, key);
    const ask = (query: Fields) => client.ask({ method: 'GET', query });
    double.switches.maxPageKeys = 2;
    expect((await ask({ 'list-type': '2' })).text).toContain('<KeyCount>2<');
    double.switches.listV2 = false;
    expect((await ask({ 'list-type': '2' })).verdict).toBe('501 NotImplemented');
    expect((await ask({ marker: 'b' })).text).toContain('<Key>c<');
  });

  it("tells a finished upload's ETag, an empty one, none, or a random one", async () => {
    expect((await wholeUpload()).text).toContain('-1&quot;</ETag>');
    const usual = bucket.objects.get('a')?.etag;
    double.switches.completeEtag = 'empty';
    expect((await wholeUpload()).text).toContain('<ETag></ETag>');
    double.switches.completeEtag = 'absent';
    expect((await wholeUpload()).text).not.toContain('ETag');
    double.switches.multipartEtag = 'random';
    await wholeUpload();
    expect(bucket.objects.get('a')?.etag).toMatch(/^"[0-9a-f]{32}-1"$/);
    expect(bucket.objects.get('a')?.etag).not.toBe(usual);
  });

  it('remembers finished uploads', async () => {
    double.switches.finishedUploads = 'remembered';
    const id = await open();
    const parts = [listed(1, await part(id, 1, 'body'))];
    const first = await finish(id, parts);
    const second = await finish(id, parts, IF_ABSENT);
    expect(second.verdict).toBe('200');
    expect(second.text).toBe(first.text);
  });
});

describe('the double, as S3,', () => {
  it('gives no bytes of an archived object before it is restored', async () => {
    await put({ 'x-amz-storage-class': 'DEEP_ARCHIVE' });
    const answer = await client.ask({ method: 'GET', key: 'a' });
    expect(answer.verdict).toBe('403 InvalidObjectState');
    expect(answer.text).toContain('<StorageClass>DEEP_ARCHIVE</StorageClass>');
    const head = await client.ask({ method: 'HEAD', key: 'a' });
    expect(head).toMatchObject({ status: 200, headers: { 'x-amz-storage-class': 'DEEP_ARCHIVE' } });
  });

  it('gives an ETag that is no MD5 to what KMS encrypts', async () => {
    const answer = await put({
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'key',
    });
    const md5 = createHash('md5').update('body').digest('hex');
    expect(answer.headers['etag']).toMatch(/^"[0-9a-f]{32}"$/);
    expect(answer.headers['etag']).not.toBe(`"${md5}"`);
    expect(answer.headers['x-amz-server-side-encryption']).toBe('aws:kms');
    expect((await put({ 'x-amz-server-side-encryption': 'rot13' })).verdict).toBe(
      '400 InvalidArgument',
    );
  });

  it('gives metadata beyond ASCII back as mail headers have it', async () => {
    await put({ 'x-amz-meta-name': 'Größe' });
    const { headers } = await client.ask({ method: 'HEAD', key: 'a' });
    expect(headers['x-amz-meta-name']).toBe('=?UTF-8?B?R3LDtsOfZQ==?=');
  });

  it('refuses tags that it would not keep', async () => {
    const tagged = (tagging: string) => put({ 'x-amz-tagging': tagging });
    expect((await tagged('a=1&a=2')).verdict).toBe('400 InvalidTag');
    expect((await tagged('a=%3C')).verdict).toBe('400 InvalidTag');
    expect((await tagged(`${'a'.repeat(129)}=1`)).verdict).toBe('400 InvalidTag');
    expect((await tagged('a%20b=c%2Bd')).verdict).toBe('200');
    expect(bucket.objects.get('a')?.tags).toEqual({ 'a b': 'c+d' });
  });

  it('wants the checksum that an upload was created with, with each part and at the end', async () => {
    const value = createHash('sha256').update('body').digest('base64');
    const checksum = { 'x-amz-checksum-sha256': value };
    const plain = await open();
    expect((await part(plain, 1, 'body', checksum)).verdict).toBe('400 InvalidRequest');
    const id = await open({ 'x-amz-checksum-algorithm': 'SHA256' });
    expect((await part(id, 1, 'body')).verdict).toBe('400 InvalidRequest');
    const sent = await part(id, 1, 'body', checksum);
    expect(sent.headers['x-amz-checksum-sha256']).toBe(value);
    expect((await finish(id, [listed(1, sent)])).verdict).toBe('400 InvalidRequest');
    const told = listed(1, sent, `<ChecksumSHA256>${value}</ChecksumSHA256>`);
    expect((await finish(id, [told])).verdict).toBe('200');
    expect(bucket.objects.get('a')?.checksums['sha256']).toMatch(/=-1$/);
  });

  it('refuses documents that are cut or others than asked for', async () => {
    const id = await open();
    const one = listed(1, await part(id, 1, 'body'));
    const ask = (body: string) =>
      client.ask({ method: 'POST', key: 'a', query: { uploadId: id }, body });
    for (const body of ['', '<Other/>', `<CompleteMultipartUpload>${one}`]) {
      expect((await ask(body)).verdict, body).toBe('400 MalformedXML');
    }
    expect(bucket.objects.size).toBe(0);
    expect([...bucket.uploads.keys()]).toEqual([id]);
  });

  it('changes and removes tags of an object', async () => {
    await put();
    const query = { tagging: '' };
    const body = '<Tagging><TagSet><Tag><Key>a</Key><Value>&lt;1</Value></Tag></TagSet></Tagging>';
    const ask = (method: string, text = '') =>
      client.ask({ method, key: 'a', query, ...(text !== '' && { body: text }) });
    expect((await ask('PUT', body)).verdict).toBe('400 InvalidTag');
    expect((await ask('PUT', body.replace('&lt;', ''))).verdict).toBe('200');
    expect(bucket.objects.get('a')?.tags).toEqual({ a: '1' });
    expect((await ask('DELETE')).verdict).toBe('204');
    expect((await ask('GET')).text).not.toContain('<Tag>');
  });
});
