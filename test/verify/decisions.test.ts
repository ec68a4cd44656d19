import { describe, expect, it } from 'vitest';
import { EXIT, type Ending } from '../../src/model/exit-code.ts';
import { objectKey } from '../../src/model/object-key.ts';
import { compareListed } from '../../src/verify/compare-listed.ts';
import {
  compareVersions,
  isSameMd5,
  type KeptVersion,
  type NamedVersion,
} from '../../src/verify/compare-versions.ts';
import {
  decodeExpected,
  encodeExpected,
  type ExpectedObject,
  onceExpected,
} from '../../src/verify/expected-object.ts';
import { sampleKeys } from '../../src/verify/sample-keys.ts';
import { verifyExitCode } from '../../src/verify/verify-exit-code.ts';

const MD5 = 'd41d8cd98f00b204e9800998ecf8427e';
const OTHER_MD5 = '00000000000000000000000000000000';
const MD5_BASE64 = Buffer.from(MD5, 'hex').toString('base64');
const DATE = 'Fri, 20 Nov 2026 04:00:00 GMT';
const DATE_MS = Date.parse(DATE);

describe('MD5s on both sides', () => {
  it.each<[boolean, string, NamedVersion, string]>([
    [true, 'one ETag', { etag: `"${MD5}"` }, `"${MD5}"`],
    [true, 'one without quotes', { etag: MD5 }, `"${MD5}"`],
    [true, 'one in capitals', { etag: MD5.toUpperCase() }, `"${MD5}"`],
    [true, 'the MD5 that a list gives', { md5: MD5_BASE64 }, `"${MD5}"`],
    [true, 'the parts of one upload', { etag: `"${MD5}-3"` }, `"${MD5}-3"`],
    [false, 'other parts', { etag: `"${MD5}-3"` }, `"${MD5}-2"`],
    [false, 'another MD5', { etag: OTHER_MD5 }, `"${MD5}"`],
    [false, 'an ETag that is none', { etag: '"v1"' }, '"v1"'],
    [false, 'nothing named', {}, `"${MD5}"`],
    [false, 'no ETag in the bucket', { md5: MD5_BASE64 }, ''],
  ])('are %s one for %s', (is, _, named, etag) => {
    expect(isSameMd5(named, etag)).toBe(is);
  });
});

describe('a version', () => {
  const etag = '"bucket"';
  it.each<[string, string, NamedVersion, Partial<KeptVersion>]>([
    ['same', 'one ETag', { etag: '"v1"' }, { originEtag: '"v1"' }],
    ['same', 'one ETag, weak on one side', { etag: 'v1' }, { originEtag: 'W/"v1"' }],
    ['same', 'one ETag, whatever the date', { etag: '"v1"', lastModifiedMs: 1 }, both()],
    ['other', 'another ETag, whatever the date', { etag: '"v2"', lastModifiedMs: DATE_MS }, both()],
    ['same', 'one date', { lastModifiedMs: DATE_MS }, { originLastModified: DATE }],
    ['same', 'one second', { lastModifiedMs: DATE_MS + 999 }, { originLastModified: DATE }],
    ['other', 'a later date', { lastModifiedMs: DATE_MS + 1000 }, { originLastModified: DATE }],
    ['other', 'an earlier date', { lastModifiedMs: DATE_MS - 1 }, { originLastModified: DATE }],
    ['same', 'a date where the ETag is new', { etag: '"v"', lastModifiedMs: DATE_MS }, dateOnly()],
    ['same', 'one MD5, whatever else', { etag: '"v2"', md5: MD5_BASE64 }, md5AndEtag()],
    ['unknown', 'nothing in common', { etag: '"v1"' }, { originLastModified: DATE }],
    ['unknown', 'nothing kept', { etag: '"v1"', lastModifiedMs: DATE_MS }, {}],
    ['unknown', 'nothing named', {}, both()],
    ['unknown', 'a date that is none', { lastModifiedMs: 1 }, { originLastModified: 'then' }],
    ['unknown', 'another MD5: it may be none', { md5: MD5_BASE64 }, { etag: `"${OTHER_MD5}"` }],
  ])('is the %s one by %s', (version, _, named, kept) => {
    expect(compareVersions(named, { etag, ...kept }).version).toBe(version);
  });

  function both(): Partial<KeptVersion> {
    return { originEtag: '"v1"', originLastModified: DATE };
  }
  function dateOnly(): Partial<KeptVersion> {
    return { originLastModified: DATE };
  }
  function md5AndEtag(): Partial<KeptVersion> {
    return { etag: `"${MD5}"`, originEtag: '"v1"' };
  }
});

describe('two listings', () => {
  const key = objectKey('k');
  const listed = { size: 5, etag: `"${MD5}"` };
  const cases: [
    Parameters<typeof compareListed>[0],
    Partial<ExpectedObject>,
    string | undefined,
  ][] = [
    ['exists', {}, 'equal'],
    ['exists', { size: 6, isContradicted: true }, 'equal'],
    ['size', { size: 5 }, 'equal'],
    ['size', { size: 6 }, 'different'],
    ['size', {}, undefined],
    ['size', { size: 5, isContradicted: true }, 'unverifiable'],
    ['etag', { size: 5 }, undefined],
    ['etag', { size: 6 }, 'different'],
    ['etag', { size: 5, etag: MD5 }, 'equal'],
    ['etag', { etag: MD5 }, 'equal'],
    ['etag', { size: 6, etag: MD5 }, 'different'],
    ['etag', { size: 5, etag: OTHER_MD5 }, undefined],
    ['full', { size: 5, etag: MD5 }, undefined],
    ['full', { size: 6 }, 'different'],
  ];
  it.each(cases)('at level %s with %j tell: %s', (level, expected, outcome) => {
    expect(compareListed(level, { key, ...expected }, listed)?.outcome).toBe(outcome);
  });
});

describe('two lines of one key', () => {
  const key = objectKey('k');
  it.each<[Partial<ExpectedObject>, Partial<ExpectedObject>, Partial<ExpectedObject>]>([
    [{}, {}, {}],
    [{ size: 1 }, {}, { size: 1 }],
    [{ size: 1 }, { etag: 'e' }, { size: 1, etag: 'e' }],
    [{ size: 1 }, { size: 1 }, { size: 1 }],
    [{ size: 1 }, { size: 2 }, { size: 2, isContradicted: true }],
    [{ url: 'http://a/' }, { url: 'http://b/' }, { url: 'http://b/', isContradicted: true }],
    [{ isContradicted: true }, { size: 1 }, { size: 1, isContradicted: true }],
  ])('%j and %j become %j', (before, after, once) => {
    expect(onceExpected({ key, ...before }, { key, ...after })).toEqual({ key, ...once });
  });

  it('survive being a line of text', () => {
    const object = { key: objectKey('a\n"\u{1f600}'), size: 1, md5: MD5_BASE64, lastModifiedMs: 2 };
    expect(encodeExpected(object)).not.toContain('\n');
    expect(decodeExpected(encodeExpected(object))).toEqual(object);
  });
});

describe('a sample', () => {
  const keys = Array.from({ length: 20_000 }, (_, index) => `dir/${index}`);

  it('is about as large as its share', () => {
    const count = keys.filter(sampleKeys(0.05, 's')).length;
    expect(count).toBeGreaterThan(850);
    expect(count).toBeLessThan(1150);
  });

  it('of a smaller share lies within that of a larger one, and another seed takes others', () => {
    const small = keys.filter(sampleKeys(0.01, 's'));
    const large = new Set(keys.filter(sampleKeys(0.05, 's')));
    expect(small.every((key) => large.has(key))).toBe(true);
    expect(keys.filter(sampleKeys(0.01, 't'))).not.toEqual(small);
  });

  it('of all takes all', () => {
    expect(keys.every(sampleKeys(1, 's'))).toBe(true);
  });
});

describe('the exit code', () => {
  const none = { equal: 9, missing: 0, extra: 0, different: 0, unverifiable: 0 };
  const finished: Ending = { kind: 'finished' };
  it.each<[number, string, Ending, Partial<typeof none>, number, number]>([
    [EXIT.complete, 'all is equal', finished, {}, 0, 0],
    [EXIT.verifyDiffers, 'one is missing', finished, { missing: 1 }, 0, 0],
    [EXIT.verifyDiffers, 'one is extra', finished, { extra: 1 }, 0, 0],
    [EXIT.verifyDiffers, 'one is different', finished, { different: 1 }, 0, 0],
    [EXIT.someFailed, 'one is unverifiable', finished, { unverifiable: 1 }, 0, 0],
    [EXIT.verifyDiffers, 'both', finished, { missing: 1, unverifiable: 1 }, 1, 0],
    [EXIT.someFailed, 'a page could not be listed', finished, {}, 1, 0],
    [EXIT.bug, 'there was a bug', finished, { missing: 1, unverifiable: 1 }, 0, 1],
    [EXIT.sigint, 'it was stopped', { kind: 'interrupted', by: 'SIGINT' }, { missing: 1 }, 0, 0],
    [
      EXIT.unusable,
      'the bucket went',
      { kind: 'fatal', fatal: 'bucket-unusable' },
      { missing: 1 },
      0,
      0,
    ],
  ])('is %s where %s', (code, _, ending, counts, listingErrors, bugs) => {
    expect(verifyExitCode(ending, { ...none, ...counts }, listingErrors, bugs)).toBe(code);
  });
});
