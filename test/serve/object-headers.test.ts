import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { storedObject, writeHeaders } from '../../src/bucket/s3-headers.ts';
import type { ObjectMetadata, StoredObject } from '../../src/model/bucket.ts';
import { Failure } from '../../src/model/failure.ts';
import { objectKey } from '../../src/model/object-key.ts';
import type { OriginHead } from '../../src/model/origin.ts';
import type { Headers } from '../../src/model/ports.ts';
import type { ResponseSettings, StoreSettings } from '../../src/model/rule.ts';
import { storedMetadata } from '../../src/plan/stored-metadata.ts';
import { headersOfHit, headersOfMiss, markHeader } from '../../src/serve/object-headers.ts';
import { storeSettings } from '../support/settings.ts';

const KEY = objectKey('a.jpg');
const DATE = 'Fri, 20 Nov 2026 04:00:00 GMT';
const BUCKET_DATE = 'Sat, 21 Nov 2026 05:00:00 GMT';

const responseSettings = (changed: Partial<ResponseSettings>): ResponseSettings => ({
  onError: 424,
  passStatuses: [],
  passHeaders: [],
  setHeaders: [],
  validators: 'origin',
  mark: false,
  ossTag: false,
  ...changed,
});

const head = (headers: Headers, url = 'https://o.example/a.jpg'): OriginHead => ({
  origin: 'https://o.example/',
  url,
  status: 200,
  headers,
  length: 1,
  framing: 'length',
});

const stored = (kept: Partial<StoredObject>): StoredObject => ({
  key: KEY,
  size: 1,
  etag: '"bucket"',
  lastModifiedMs: Date.parse(BUCKET_DATE) + 999,
  headers: {},
  metadata: {},
  ...kept,
});

const onHit = (kept: Partial<StoredObject>, response: Partial<ResponseSettings> = {}): Headers =>
  headersOfHit(stored(kept), responseSettings(response), 'HIT');

function onMiss(
  headers: Headers,
  response: Partial<ResponseSettings> = {},
  store: Partial<StoreSettings> = {},
): Headers {
  const rule = { store: storeSettings(store), response: responseSettings(response) };
  return headersOfMiss(KEY, head(headers), rule, 'MISS');
}

/** The text's bytes in UTF-8, as Latin-1 characters. */
const bytes = (text: string): string => Buffer.from(text).toString('latin1');

const BUCKET_VALIDATORS = { etag: '"bucket"', 'last-modified': BUCKET_DATE };
const RANGES = { 'accept-ranges': 'bytes' };

describe('a client gets of a stored object', () => {
  test('its content headers, those S3 has no field for, and its user metadata', () => {
    const headers = { 'content-type': 'image/png', 'content-encoding': 'gzip', expires: DATE };
    const metadata = { a: '1', 'bucketfill-header-access-control-allow-origin': '*' };
    expect(onHit({ headers, metadata })).toEqual({
      ...headers,
      'x-amz-meta-a': '1',
      'access-control-allow-origin': '*',
      ...RANGES,
      ...BUCKET_VALIDATORS,
    });
  });

  test('none of the notes that are kept beside it', () => {
    const metadata = {
      'bucketfill-etag': '"o"',
      'bucketfill-url': 'https://secret.example/',
      'Bucketfill-Url': 'https://secret.example/',
      'bucketfill-other': 'x',
    };
    expect(onHit({ metadata })).toEqual({ etag: '"o"', ...RANGES });
  });

  test.each([
    ...['set-cookie', 'connection', 'transfer-encoding', 'content-length', 'content-range', 'etag'],
    ...['last-modified', 'keep-alive', 'date', 'content-encoding', 'a b', '', 'x\r\ny'],
  ])('no header that is not the object’s: %j', (name) => {
    const metadata = { [`bucketfill-header-${name}`]: 'evil' };
    expect(Object.values(onHit({ metadata }))).not.toContain('evil');
  });

  test('no content header that would frame the message or set a cookie', () => {
    const headers = { 'content-type': 'a/b', 'content-length': '9', 'set-cookie': 's=1' };
    expect(onHit({ headers }, { validators: 'bucket' })).toEqual({
      'content-type': 'a/b',
      ...RANGES,
      ...BUCKET_VALIDATORS,
    });
  });

  test('texts in UTF-8, whatever they are', () => {
    const headers = { 'content-disposition': 'attachment; filename="Größe 漢字.pdf"' };
    expect(onHit({ headers, metadata: { a: 'é', b: '\ufeffx', c: 'plain' } })).toMatchObject({
      'content-disposition': bytes('attachment; filename="Größe 漢字.pdf"'),
      'x-amz-meta-a': bytes('é'),
      'x-amz-meta-b': bytes('\ufeffx'),
      'x-amz-meta-c': 'plain',
    });
  });

  test.each(['a\r\nx-evil: 1', 'a\nb', 'a\u0000', '\u0001', '\u007f'])(
    'no value that could not be sent: %j',
    (value) => {
      const metadata = {
        a: value,
        'bucketfill-header-x-a': value,
        'bucketfill-etag': value,
        'bucketfill-last-modified': value,
        [`x${value}`]: 'b',
      };
      const headers = { 'content-type': value };
      const setHeaders = [{ name: 'x-b', value }];
      expect(onHit({ headers, metadata }, { setHeaders })).toEqual(RANGES);
    },
  );

  test('metadata under any name that a header can have, in lower case', () => {
    const metadata = JSON.parse('{"__proto__":"1","Src-Id":"2","a b":"3","":"4"}') as Headers;
    const got = onHit({ metadata });
    expect(got).toMatchObject({ 'x-amz-meta-__proto__': '1', 'x-amz-meta-src-id': '2' });
    expect(Object.values(got)).not.toContain('3');
    expect(Object.getPrototypeOf(got)).toBe(Object.prototype);
  });
});

describe('the validators of a hit', () => {
  const metadata = { 'bucketfill-etag': 'W/"\u00e4"', 'bucketfill-last-modified': DATE };

  test('are the origin’s, as they came', () => {
    expect(onHit({ metadata })).toMatchObject({ etag: 'W/"\u00e4"', 'last-modified': DATE });
  });

  test('are the bucket’s where the rule says so', () => {
    expect(onHit({ metadata }, { validators: 'bucket' })).toMatchObject(BUCKET_VALIDATORS);
  });

  test('are the bucket’s where nothing is noted of an origin', () => {
    expect(onHit({ metadata: { a: '1' } })).toMatchObject(BUCKET_VALIDATORS);
  });

  test('are no more than the origin gave, so that a miss and a hit agree', () => {
    const noted = { 'bucketfill-url': 'https://o.example/' };
    expect(onHit({ metadata: noted })).toEqual(RANGES);
    expect(onHit({ metadata: { ...noted, 'bucketfill-last-modified': DATE } })).toEqual({
      ...RANGES,
      'last-modified': DATE,
    });
  });

  test('are none that the bucket does not know', () => {
    expect(onHit({ etag: '', lastModifiedMs: 0 })).toEqual(RANGES);
    expect(onHit({ lastModifiedMs: 1e20 })).toEqual({ ...RANGES, etag: '"bucket"' });
  });
});

describe('a client gets of an object from an origin', () => {
  test('what is stored of it, and nothing else', () => {
    const answer = {
      ...{ 'content-type': 'image/png', etag: '"o"', 'last-modified': DATE, 'x-oss-meta-a': '1' },
      ...{ server: 'nginx', 'set-cookie': 's=1', date: DATE, connection: 'close', 'x-b': '2' },
      ...{ 'content-length': '1', 'accept-ranges': 'none', 'content-md5': 'x', vary: '*' },
    };
    expect(onMiss(answer)).toEqual({
      'content-type': 'image/png',
      etag: '"o"',
      'last-modified': DATE,
      'x-amz-meta-a': '1',
      ...RANGES,
    });
  });

  test('the type that the rule stores it with, even where the rule hands on the origin’s', () => {
    const contentType = { guess: 'always' as const, override: [] };
    const got = onMiss(
      { 'content-type': 'text/plain' },
      { passHeaders: ['content-type'] },
      { contentType },
    );
    expect(got['content-type']).toBe('image/jpeg');
  });

  test('no validators where a hit has the bucket’s', () => {
    const answer = { etag: '"o"', 'last-modified': DATE };
    expect(onMiss(answer, { validators: 'bucket', passHeaders: ['etag'] })).toEqual(RANGES);
    expect(onMiss(answer, {}, { originValidators: false })).toEqual(RANGES);
  });

  test('all of its metadata, even where S3 would not store so much', () => {
    const answer = { 'x-amz-meta-a': 'x'.repeat(4000), etag: '"o"' };
    expect(() => storedMetadata(KEY, head(answer), storeSettings({}))).toThrow(Failure);
    expect(onMiss(answer)).toEqual({ ...answer, ...RANGES });
  });

  test('further headers that the rule hands on, byte for byte', () => {
    const answer = { 'x-a': '\u00e9', vary: 'accept', 'x-b': '2', 'content-type': 'a/b' };
    expect(onMiss(answer, { passHeaders: ['x-a', 'vary', 'content-type', 'x-absent'] })).toEqual({
      'x-a': '\u00e9',
      vary: 'accept',
      'content-type': 'a/b',
      ...RANGES,
    });
  });

  test.each([
    ...['set-cookie', 'set-cookie2', 'connection', 'keep-alive', 'transfer-encoding', 'trailer'],
    ...['content-length', 'content-encoding', 'content-range', 'etag', 'last-modified', 'date'],
    ...['upgrade', 'proxy-authenticate', 'age', 'x-of-connection', 'x-broken'],
  ])('never %s, even where the rule hands it on', (name) => {
    const answer = { 'x-broken': 'a\r\nb', connection: 'X-Of-Connection, close', [name]: 'evil' };
    const value = name === 'x-broken' ? 'a\r\nb' : 'evil';
    const store = { headers: [], originValidators: false };
    const got = onMiss({ ...answer, [name]: value }, { passHeaders: [name] }, store);
    expect(got).toEqual(RANGES);
  });

  test('none that an object of the language has', () => {
    expect(onMiss({}, { passHeaders: ['constructor', '__proto__'] })).toEqual(RANGES);
  });
});

describe('what a rule sets', () => {
  const setHeaders = [
    { name: 'cache-control', value: 'max-age=60' },
    { name: 'access-control-allow-origin', value: '*' },
  ];
  const set = { 'cache-control': 'max-age=60', 'access-control-allow-origin': '*' };

  test('stands in place of what the object has, on a hit and on a miss', () => {
    const headers = { 'cache-control': 'private' };
    expect(onHit({ headers }, { setHeaders })).toMatchObject(set);
    expect(onMiss(headers, { setHeaders, passHeaders: ['cache-control'] })).toMatchObject(set);
  });

  test.each(['etag', 'last-modified', 'accept-ranges', 'content-range'])(
    'is never %s, which is each object’s own',
    (name) => {
      const changed = { setHeaders: [{ name, value: 'evil' }] };
      expect(onHit({}, changed)).toEqual({ ...RANGES, ...BUCKET_VALIDATORS });
      expect(onMiss({}, changed)).toEqual(RANGES);
    },
  );
});

describe('the mark', () => {
  test('says where the answer came from, in the header that the rule names', () => {
    const response = responseSettings({ mark: 'x-bucketfill' });
    expect(headersOfHit(stored({}), response, 'HIT')['x-bucketfill']).toBe('HIT');
    const rule = { store: storeSettings({}), response };
    expect(headersOfMiss(KEY, head({}), rule, 'SHARED')['x-bucketfill']).toBe('SHARED');
    expect(markHeader({ mark: 'x-cache' }, 'NEGATIVE')).toEqual({ 'x-cache': 'NEGATIVE' });
  });

  test('is absent where the rule wants none', () => {
    expect(markHeader({ mark: false }, 'HIT')).toEqual({});
  });

  test('is ours, whatever origin and object say', () => {
    const response = { mark: 'x-mark', passHeaders: ['x-mark'] };
    expect(onMiss({ 'x-mark': 'HIT' }, response)['x-mark']).toBe('MISS');
    const metadata = { 'bucketfill-header-x-mark': 'MISS' };
    expect(onHit({ metadata }, response)['x-mark']).toBe('HIT');
  });
});

describe('x-oss-tag', () => {
  const url = 'http://www.example-domain.com/dir1/image/example_object.jpg';
  const tag = 'MIRROR http%3a%2f%2fwww.example-domain.com%2fdir1%2fimage%2fexample_object.jpg';

  test('O10 names the origin’s URL on the first answer and on every later one', () => {
    const rule = { store: storeSettings({}), response: responseSettings({ ossTag: true }) };
    expect(headersOfMiss(KEY, head({}, url), rule, 'MISS')['x-oss-tag']).toBe(tag);
    expect(onHit({ metadata: { 'bucketfill-url': url } }, { ossTag: true })['x-oss-tag']).toBe(tag);
  });

  test('is absent from what did not come from an origin, and unless it is asked for', () => {
    expect(onHit({}, { ossTag: true })).not.toHaveProperty('x-oss-tag');
    expect(onHit({ metadata: { 'bucketfill-url': url } })).not.toHaveProperty('x-oss-tag');
    expect(onMiss({})).not.toHaveProperty('x-oss-tag');
  });
});

const HIGH_BYTES = ['\u00c3', '\u00a9', '\u00ff', '\u0080'] as const;

/** Header values as a parser gives them: any bytes but controls, no blanks at the ends. */
const headerValue = fc.oneof(
  fc.constantFrom('a, b', '"x; y"', '=?UTF-8?B?w6Q=?=', 'max-age=1', bytes('Größe'), '*', DATE),
  fc
    .string({
      unit: fc.constantFrom(' ', '\t', '!', '"', ',', ';', '=', '?', 'a', 'Z', '0', ...HIGH_BYTES),
      maxLength: 12,
    })
    .map((text) => text.replace(/^[ \t]+|[ \t]+$/g, '')),
);

const headerName = fc.constantFrom(
  ...['content-type', 'content-encoding', 'content-disposition', 'cache-control', 'expires'],
  ...['content-language', 'access-control-allow-origin', 'etag', 'last-modified', 'set-cookie'],
  ...[
    'x-amz-meta-a',
    'x-oss-meta-a',
    'x-cos-meta-b',
    'x-amz-meta-bucketfill-etag',
    'x-src',
    'vary',
  ],
  ...['content-length', 'connection', 'x-amz-meta-__proto__', 'date', 'accept-ranges'],
);

const anyHead = fc.dictionary(headerName, headerValue, { maxKeys: 12 });

const anyStore = fc.record({
  userMetadata: fc.boolean(),
  headers: fc.subarray([...storeSettings({}).headers, 'x-src', 'vary', 'etag', 'date']),
  metadataFrom: fc.subarray([
    { header: 'x-src', name: 'Src' },
    { header: 'x-src', name: 'a' },
  ]),
});

/**
 * Encoded words in a header that S3 has a field for are read as what they stand for, since texts are
 * stored in that way: nothing tells an origin's own words from those.
 */
const hasWords = (headers: Headers): boolean =>
  Object.entries(headers).some(([name, value]) => !name.startsWith('x-') && value.includes('=?'));

/** What a bucket on S3 gives back of what it is given. */
function throughS3({ headers, metadata }: ObjectMetadata): StoredObject {
  const options = { ifAbsent: false };
  const settings = { storageClass: undefined, acl: undefined, sse: undefined };
  const sent = writeHeaders(KEY, { headers, metadata }, options, settings);
  const answer = {
    ...{ status: 200, headers: sent, setCookies: [], length: 1, framing: 'length' as const },
    ...{ attempts: 1, bytes: () => Promise.reject(new Error('unread')) },
    ...{ pipeTo: () => Promise.reject(new Error('unread')) },
  };
  return storedObject('s3://b/', KEY, answer);
}

describe('a miss and the hits after it', () => {
  test.each([
    ['in a directory', (kept: ObjectMetadata) => stored(kept)],
    ['on S3', throughS3],
  ])('have the same headers but for the mark, whatever an origin sends: %s', (_, keep) => {
    fc.assert(
      fc.property(anyHead, anyStore, fc.boolean(), (headers, changed, ossTag) => {
        fc.pre(!hasWords(headers));
        const setHeaders = [{ name: 'x-set', value: '1' }];
        const response = responseSettings({ mark: 'x-mark', ossTag, setHeaders });
        const store = storeSettings(changed);
        const miss = headersOfMiss(KEY, head(headers), { store, response }, 'MISS');
        const object = keep(storedMetadata(KEY, head(headers), store));
        const hit = headersOfHit(object, response, 'HIT');
        expect({ ...miss, 'x-mark': 'HIT' }).toEqual(hit);
      }),
      { numRuns: 500 },
    );
  });

  test('differ by no more than the bucket’s validators where the origin’s are not kept', () => {
    fc.assert(
      fc.property(anyHead, fc.boolean(), (headers, isKept) => {
        const response = responseSettings({ validators: isKept ? 'bucket' : 'origin' });
        const store = storeSettings({ originValidators: isKept, userMetadata: false });
        const miss = headersOfMiss(KEY, head(headers), { store, response }, 'MISS');
        const object = stored(storedMetadata(KEY, head(headers), store));
        expect(headersOfHit(object, response, 'HIT')).toEqual({ ...miss, ...BUCKET_VALIDATORS });
      }),
    );
  });
});
