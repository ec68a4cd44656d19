import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Bucket, ObjectMetadata } from '../../src/model/bucket.ts';
import { objectKey } from '../../src/model/object-key.ts';
import type { Origin } from '../../src/model/origin.ts';
import { s3Origin } from '../../src/origin/s3-origin.ts';
import { storedMetadata } from '../../src/plan/stored-metadata.ts';
import { originRequest } from '../contract/origin-contract.ts';
import { testOrigin } from '../support/fault-origin-adapter.ts';
import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';
import { storeSettings } from '../support/settings.ts';
import { bucketAt, freshFolder } from './directory-under-test.ts';
import { s3UnderTest, type S3UnderTest } from './s3-under-test.ts';

const { signal } = new AbortController();
const ALWAYS = { ifAbsent: false };
const STORE = storeSettings({ originValidators: false });

const bytes = (text: string): string => Buffer.from(text).toString('latin1');

/** Reads `key` of an origin and stores it in a bucket, as a run does. */
async function copy(origin: Origin, bucket: Bucket, key: string): Promise<void> {
  await origin.read(
    originRequest(key),
    async (answer) => {
      const metadata = storedMetadata(objectKey(key), answer.head, STORE);
      const body = await answer.bytes(1000);
      await bucket.putBytes(objectKey(key), body, metadata, ALWAYS, signal);
    },
    signal,
  );
}

async function described(bucket: Bucket, key: string): Promise<ObjectMetadata | undefined> {
  const object = await bucket.head(objectKey(key), signal);
  return object && { headers: object.headers, metadata: object.metadata };
}

/** A bucket, seen as an origin. */
const asOrigin = ({ store }: S3UnderTest): Origin =>
  s3Origin({ name: 's3://bucket/', store, locate: (key) => key });

/** What the double holds, as it was sent. */
function sent({ inside }: S3UnderTest, key: string): ObjectMetadata | undefined {
  const object = inside.objects.get(key);
  return object && { headers: object.headers, metadata: object.metadata };
}

/** Texts, and how S3 holds each as user metadata; by default as it is. */
const TEXTS: Readonly<Record<string, readonly [text: string, held?: string]>> = {
  plain: ['x y'],
  empty: [''],
  umlauts: ['Größe', '=?UTF-8?B?R3LDtsOfZQ==?='],
  emoji: ['\u{1f5c4}\ufe0f', '=?UTF-8?B?8J+XhO+4jw==?='],
  lookalike: ['=?utf-8?q?plain?=', '=?UTF-8?B?PT91dGYtOD9xP3BsYWluPz0=?='],
  'word-of-text': [
    '=?utf-8?q?Gr=C3=B6=C3=9Fe?=',
    '=?UTF-8?B?PT91dGYtOD9xP0dyPUMzPUI2PUMzPTlGZT89?=',
  ],
  mojibake: ['Ã¤', '=?UTF-8?B?w4PCpA==?='],
};

const ASCII_FIELDS = {
  'content-type': 'text/plain; charset="=?x"',
  'content-disposition': 'attachment; filename="=?UTF-8?Q?Gr=C3=B6=C3=9Fe?="',
  'cache-control': '=?utf-8?q?no-cache?=',
  'content-encoding': 'identity',
  'content-language': 'de,  en',
  expires: '=?UTF-8?Q?=C3=A4?=',
};

let first: S3UnderTest;
let second: S3UnderTest;
let web: FaultOrigin;
let site: Origin;
beforeEach(async () => {
  [first, second, web] = await Promise.all([s3UnderTest(), s3UnderTest(), faultOrigin()]);
  site = testOrigin(`${web.url}/`);
});
afterEach(async () => {
  await site.close();
  await Promise.all([first.destroy(), second.destroy(), web.close()]);
});

const userMetadata = (encode: (text: string) => string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(TEXTS).map(([name, [text]]) => [`x-amz-meta-${name}`, encode(text)]),
  );

const texts = Object.fromEntries(Object.entries(TEXTS).map(([name, [text]]) => [name, text]));
const held = Object.fromEntries(
  Object.entries(TEXTS).map(([name, [text, header]]) => [name, header ?? text]),
);

describe('metadata from a site to a store, to a store, to a store', () => {
  it('says everywhere what the site said, and is held everywhere the same', async () => {
    web.script('/a', { body: 'x', headers: { ...ASCII_FIELDS, ...userMetadata(bytes) } });
    await copy(site, first.bucket, 'a');
    expect(sent(first, 'a')).toEqual({ headers: ASCII_FIELDS, metadata: held });
    expect((await described(first.bucket, 'a'))?.metadata).toEqual(texts);
    await copy(asOrigin(first), second.bucket, 'a');
    expect(sent(second, 'a')).toEqual(sent(first, 'a'));
    first.inside.objects.clear();
    await copy(asOrigin(second), first.bucket, 'a');
    expect(sent(first, 'a')).toEqual(sent(second, 'a'));
    expect(await described(first.bucket, 'a')).toEqual(await described(second.bucket, 'a'));
  });

  it('in fields of S3 that is not ASCII is held in encoded words, and read back', async () => {
    const text = 'attachment; filename="Größe 1.pdf"';
    const type = { 'content-type': 'x/y' };
    web.script('/a', { body: 'x', headers: { ...type, 'content-disposition': bytes(text) } });
    await copy(site, first.bucket, 'a');
    await copy(asOrigin(first), second.bucket, 'a');
    for (const under of [first, second]) {
      expect(sent(under, 'a')?.headers).toEqual({
        ...type,
        'content-disposition': 'attachment; filename="=?UTF-8?B?R3LDtsOfZSAxLnBkZg==?="',
      });
      expect((await described(under.bucket, 'a'))?.headers['content-disposition']).toBe(text);
    }
  });

  it('of almost 2 KB that is not ASCII is stored', async () => {
    const text = '漢'.repeat(680);
    web.script('/a', { body: 'x', headers: { 'x-amz-meta-name': bytes(text) } });
    await copy(site, first.bucket, 'a');
    await copy(asOrigin(first), second.bucket, 'a');
    expect((await described(second.bucket, 'a'))?.metadata).toEqual({ name: text });
    web.script('/b', { body: 'x', headers: { 'x-amz-meta-name': bytes(`${text}漢字漢`) } });
    await expect(copy(site, first.bucket, 'b')).rejects.toMatchObject({
      code: 'METADATA_TOO_LARGE',
      message: expect.stringContaining('2053 bytes') as string,
    });
  });

  it('with blanks at its ends keeps them from store to store', async () => {
    const metadata = { a: ' x', b: 'y ', c: '\tz' };
    await first.bucket.putBytes(
      objectKey('a'),
      Buffer.from('x'),
      { headers: {}, metadata },
      ALWAYS,
      signal,
    );
    await copy(asOrigin(first), second.bucket, 'a');
    expect((await described(second.bucket, 'a'))?.metadata).toEqual(metadata);
  });

  it('that another tool stored in raw UTF-8 or in words of its own says the same', async () => {
    const headers = { 'x-amz-meta-raw': bytes('ä'), 'x-amz-meta-q': '=?utf-8?q?=C3=A4?=' };
    const request = {
      method: 'PUT',
      key: 'a',
      query: [],
      headers,
      body: Buffer.from('x'),
    } as const;
    await first.store.send(request, () => Promise.resolve(), signal);
    const both = { raw: 'ä', q: 'ä' };
    expect((await described(first.bucket, 'a'))?.metadata).toEqual(both);
    await copy(asOrigin(first), second.bucket, 'a');
    expect((await described(second.bucket, 'a'))?.metadata).toEqual(both);
    expect(sent(second, 'a')?.metadata['q']).toBe('=?UTF-8?B?w6Q=?=');
  });
});

describe('metadata in a directory', () => {
  it('is the same text as in a store, whichever of both was there first', async () => {
    const { folder, destroy } = await freshFolder();
    const directory = await bucketAt(folder);
    web.script('/a', { body: 'x', headers: { ...ASCII_FIELDS, ...userMetadata(bytes) } });
    web.script('/b', { body: 'x', headers: { 'content-type': bytes('x/y; z="ä"') } });
    for (const key of ['a', 'b']) {
      await copy(site, directory, key);
      const fromSite = await described(directory, key);
      await copy(site, first.bucket, key);
      expect(await described(first.bucket, key)).toEqual(fromSite);
      await copy(asOrigin(first), directory, key);
      expect(await described(directory, key)).toEqual(fromSite);
    }
    expect((await described(directory, 'a'))?.metadata).toEqual(texts);
    await destroy();
  });
});
