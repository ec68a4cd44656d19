import { describe, expect, test } from 'vitest';
import type { StoredObject } from '../../src/model/bucket.ts';
import { objectKey } from '../../src/model/object-key.ts';
import type { OriginHead } from '../../src/model/origin.ts';
import { decideCopy, isUnchanged, needsPresence } from '../../src/plan/decide-copy.ts';

const stored = (metadata: Record<string, string>, size = 5): StoredObject => ({
  key: objectKey('k'),
  size,
  etag: '"bucket"',
  lastModifiedMs: 0,
  headers: {},
  metadata,
});
const head = (headers: Record<string, string>, length = 5): OriginHead => ({
  origin: 'http://o/',
  url: 'http://o/k',
  status: 200,
  headers,
  length,
  framing: 'length',
});

describe('what to do with a key', () => {
  const there = stored({ 'bucketfill-etag': '"v1"' });
  const unless = { etag: '"v1"' };
  const fresh = { keepUnchanged: false, unless: undefined };
  test.each([
    ['never', undefined, { copy: true, ifAbsent: true, ...fresh }],
    ['never', there, { copy: false, reason: 'exists' }],
    ['changed', undefined, { copy: true, ifAbsent: true, ...fresh }],
    ['changed', there, { copy: true, ifAbsent: false, keepUnchanged: true, unless }],
    [
      'changed',
      stored({}),
      { copy: true, ifAbsent: false, keepUnchanged: true, unless: undefined },
    ],
    ['always', undefined, { copy: true, ifAbsent: false, ...fresh }],
    ['always', there, { copy: true, ifAbsent: false, ...fresh }],
  ] as const)('overwrite %s, bucket has %o: %o', (overwrite, present, decision) => {
    expect(decideCopy(overwrite, present)).toEqual(decision);
  });

  test('only overwrite always spares the bucket the question', () => {
    expect(['never', 'changed', 'always'].map((mode) => needsPresence(mode as 'never'))).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe('whether the origin still has what was stored without its validators', () => {
  const hex = '5d41402abc4b2a76b9719d911017c592';
  const md5 = 'XUFAKrxLKna5cZ2REBfFkg==';
  const other = '1B2M2Y8AsgTpgAmY7PhCfg==';
  const declares = (declared: string, length = 5): OriginHead => ({
    ...head({ etag: '"v"' }, length),
    md5: declared,
  });
  const unknown: OriginHead = { ...declares(md5), length: undefined, framing: 'chunked' };
  test.each([
    ["the bucket's ETag is the MD5 that the origin declares", `"${hex}"`, declares(md5), true],
    ['in upper case too', `"${hex.toUpperCase()}"`, declares(md5), true],
    ['without its quotes too', hex, declares(md5), true],
    ['by a Content-MD5 too', `"${hex}"`, head({ 'content-md5': md5 }), true],
    ['another MD5', `"${hex}"`, declares(other), false],
    ['another length', `"${hex}"`, declares(md5, 6), false],
    ['a length that nobody declares', `"${hex}"`, unknown, false],
    ['an ETag of parts', `"${hex}-2"`, declares(md5), false],
    ['an ETag that is no MD5', '"bucket"', declares(md5), false],
    ['an origin that declares none', `"${hex}"`, head({ etag: `"${hex}"` }), false],
    ['a Content-MD5 that is none', `"${hex}"`, head({ 'content-md5': 'x' }), false],
    ['another digest', `"${hex}"`, head({ digest: `sha=${md5}` }), false],
  ] as const)('%s', (_name, etag, answer, unchanged) => {
    expect(isUnchanged({ ...stored({}), etag }, answer)).toBe(unchanged);
  });

  test('what is kept of its validators goes before', () => {
    const kept = { ...stored({ 'bucketfill-etag': '"old"' }), etag: `"${hex}"` };
    expect(isUnchanged(kept, declares(md5))).toBe(false);
  });
});

describe('whether the origin still has the stored version', () => {
  const date = 'Fri, 20 Nov 2026 04:00:00 GMT';
  const other = 'Fri, 20 Nov 2020 04:00:00 GMT';
  test.each([
    ['equal ETags', { 'bucketfill-etag': '"a"' }, head({ etag: '"a"' }), true],
    ['other ETags', { 'bucketfill-etag': '"a"' }, head({ etag: '"b"' }), false],
    ['an ETag that is gone', { 'bucketfill-etag': '"a"' }, head({}), false],
    ['equal ETags, other size', { 'bucketfill-etag': '"a"' }, head({ etag: '"a"' }, 6), false],
    ['equal ETags, length unknown', { 'bucketfill-etag': '"a"' }, head({ etag: '"a"' }, NaN), true],
    ['equal dates', { 'bucketfill-last-modified': date }, head({ 'last-modified': date }), true],
    [
      'an older date',
      { 'bucketfill-last-modified': date },
      head({ 'last-modified': other }),
      false,
    ],
    [
      'equal dates, length unknown',
      { 'bucketfill-last-modified': date },
      head({ 'last-modified': date }, NaN),
      false,
    ],
    ['nothing kept', {}, head({ etag: '"a"' }), false],
    ['a 304', { 'bucketfill-etag': '"a"' }, { ...head({}), status: 304 }, true],
    [
      'a 304 that names another',
      { 'bucketfill-etag': '"a"' },
      { ...head({ etag: '"b"' }), status: 304 },
      false,
    ],
  ] as const)('%s', (_name, metadata, answer, unchanged) => {
    const unknown = Number.isNaN(answer.length);
    const seen: OriginHead = unknown
      ? { ...answer, length: undefined, framing: 'chunked' }
      : answer;
    expect(isUnchanged(stored(metadata), seen)).toBe(unchanged);
  });
});
