import { expect, test } from 'vitest';
import { objectKey } from '../../src/model/object-key.ts';
import type { OriginHead } from '../../src/model/origin.ts';
import type { StoreSettings } from '../../src/model/rule.ts';
import { storedMetadata } from '../../src/plan/stored-metadata.ts';
import { storeSettings } from '../support/settings.ts';

const head = (
  headers: Record<string, string>,
  url = 'https://o.example/a?token=x',
): OriginHead => ({
  origin: 'https://o.example/',
  url,
  status: 200,
  headers,
  length: 1,
  framing: 'length',
});
const plain: Partial<StoreSettings> = { originValidators: false };

function kept(headers: Record<string, string>, store: Partial<StoreSettings>, key = 'a.jpg') {
  return storedMetadata(objectKey(key), head(headers), storeSettings(store));
}

test('O9 B10 the seven headers are stored and nothing else', () => {
  const seven = {
    'content-type': 'image/png',
    'content-encoding': 'gzip',
    'content-disposition': 'attachment',
    'cache-control': 'max-age=60',
    expires: 'Fri, 20 Nov 2026 04:00:00 GMT',
    'content-language': 'de',
    'access-control-allow-origin': '*',
  };
  const { 'access-control-allow-origin': cors, ...fields } = seven;
  const answer = { ...seven, server: 'nginx', 'x-other': '1', 'set-cookie': 's=1', date: 'now' };
  expect(kept(answer, plain)).toEqual({
    headers: fields,
    metadata: { 'bucketfill-header-access-control-allow-origin': cors },
  });
});

test('set-cookie is never stored, even where a rule names it', () => {
  expect(kept({ 'set-cookie': 's=1' }, { ...plain, headers: ['set-cookie'] })).toEqual({
    headers: {},
    metadata: {},
  });
});

test('user metadata of every store becomes plain user metadata, S3 spelling first', () => {
  const answer = {
    'x-oss-meta-a': 'oss',
    'x-amz-meta-a': 'amz',
    'x-cos-meta-b': '2',
    'x-obs-meta-c': '3',
    'x-bce-meta-d': '4',
  };
  expect(kept(answer, plain).metadata).toEqual({ a: 'amz', b: '2', c: '3', d: '4' });
  expect(kept(answer, { ...plain, userMetadata: false }).metadata).toEqual({});
});

test('a header can be kept under a name of the rule', () => {
  const metadataFrom = [{ header: 'x-src-id', name: 'src-id' }];
  expect(kept({ 'x-src-id': '7' }, { ...plain, metadataFrom }).metadata).toEqual({ 'src-id': '7' });
});

const bytes = (text: string): string => Buffer.from(text).toString('latin1');

test('what an origin sent in UTF-8 is kept as text, and in Latin-1 too', () => {
  const answer = {
    'content-disposition': bytes('attachment; filename="Größe 漢字.pdf"'),
    'access-control-allow-origin': bytes('ä'),
    'x-amz-meta-utf8': bytes('Größe'),
    'x-amz-meta-latin1': 'Gr\u00f6\u00dfe',
    'x-amz-meta-bom': bytes('\ufeffx'),
    'x-amz-meta-words': '=?utf-8?q?Gr=C3=B6=C3=9Fe?=',
    'x-amz-meta-text': '漢字',
    'x-amz-meta-empty': '',
    'x-src': bytes('ü'),
  };
  const metadataFrom = [{ header: 'x-src', name: 'src' }];
  expect(kept(answer, { ...plain, metadataFrom })).toEqual({
    headers: { 'content-disposition': 'attachment; filename="Größe 漢字.pdf"' },
    metadata: {
      utf8: 'Größe',
      latin1: 'Größe',
      bom: '\ufeffx',
      words: '=?utf-8?q?Gr=C3=B6=C3=9Fe?=',
      text: '漢字',
      empty: '',
      'bucketfill-header-access-control-allow-origin': 'ä',
      src: 'ü',
    },
  });
});

test('validators are noted as they came, byte for byte', () => {
  const etag = bytes('"ä"');
  const { metadata } = kept({ etag, 'last-modified': bytes('ü') }, {});
  expect(metadata).toMatchObject({
    'bucketfill-etag': etag,
    'bucketfill-last-modified': bytes('ü'),
  });
});

test('metadata may have any name', () => {
  const answer = JSON.parse('{"x-amz-meta-__proto__":"1","x-amz-meta-constructor":"2"}') as Record<
    string,
    string
  >;
  const { metadata } = kept(answer, plain);
  expect(Object.entries(metadata)).toEqual([
    ['__proto__', '1'],
    ['constructor', '2'],
  ]);
});

test('the 2 KB of metadata are bytes of UTF-8, name included', () => {
  const fits = { 'x-amz-meta-a': bytes('ä'.repeat(1023)) };
  expect(kept(fits, plain).metadata['a']).toHaveLength(1023);
  expect(() => kept({ 'x-amz-meta-ab': bytes('ä'.repeat(1024)) }, plain)).toThrow(/2050 bytes/);
});

test("the origin's validators and URL are noted, its query is not", () => {
  const answer = { etag: 'W/"1"', 'last-modified': 'Fri, 20 Nov 2026 04:00:00 GMT' };
  expect(kept(answer, {}).metadata).toEqual({
    'bucketfill-etag': 'W/"1"',
    'bucketfill-last-modified': 'Fri, 20 Nov 2026 04:00:00 GMT',
    'bucketfill-url': 'https://o.example/a',
  });
});

test.each([
  ['never', undefined, undefined],
  ['never', 'text/x', 'text/x'],
  ['missing', undefined, 'image/jpeg'],
  ['missing', 'text/x', 'text/x'],
  ['always', 'text/x', 'image/jpeg'],
] as const)('content type guess %s where the origin says %s gives %s', (guess, said, type) => {
  const store = { ...plain, contentType: { guess, override: [] } };
  const { headers } = kept(said === undefined ? {} : { 'content-type': said }, store);
  expect(headers['content-type']).toBe(type);
});

test('an override by suffix beats what the origin says', () => {
  const override = [{ suffix: '.wasm', type: 'application/wasm' }];
  const store = { ...plain, contentType: { guess: 'never' as const, override } };
  const { headers } = kept({ 'content-type': 'text/plain' }, store, 'x.wasm');
  expect(headers['content-type']).toBe('application/wasm');
});

test('metadata over 2 KB is METADATA_TOO_LARGE and is not cut', () => {
  const answer = { 'x-amz-meta-a': 'x'.repeat(2048) };
  expect(() => kept(answer, plain)).toThrow(
    expect.objectContaining({ code: 'METADATA_TOO_LARGE' }) as Error,
  );
});

test('our own note of a long URL makes room for what the origin sent', () => {
  const answer = { 'x-amz-meta-a': 'x'.repeat(2000) };
  const metadata = storedMetadata(
    objectKey('k'),
    head(answer, `https://o.example/${'y'.repeat(900)}`),
    storeSettings({}),
  ).metadata;
  expect(Object.keys(metadata)).toEqual(['a']);
});
