import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readListing } from '../../src/s3/read-listing.ts';
import type { S3Response } from '../../src/s3/s3-store.ts';
import { scanContents } from '../../src/s3/scan-contents.ts';
import { timeInBytes } from '../../src/s3/time-in-bytes.ts';

const USUAL =
  '<Contents><Key>a/b</Key><LastModified>2026-11-20T04:05:06.789Z</LastModified><ETag>&quot;e1&quot;</ETag><Size>12</Size><StorageClass>STANDARD</StorageClass></Contents>';
const OBJECT = {
  key: 'a/b',
  size: 12,
  etag: '"e1"',
  lastModifiedMs: Date.UTC(2026, 10, 20, 4, 5, 6, 789),
  storageClass: 'STANDARD',
};

const START = '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://x/">';
const FIELDS =
  '<Name>b</Name><Prefix/><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>';

function answer(text: string): S3Response {
  const bytes = Buffer.from(text);
  return {
    status: 200,
    headers: {},
    setCookies: [],
    length: bytes.length,
    framing: 'length',
    attempts: 1,
    bytes: () => Promise.resolve(bytes),
    pipeTo: async (sink) => {
      await sink(bytes);
      return bytes.length;
    },
  };
}

/** What a page comes to, a failure included. */
async function read(text: string): Promise<unknown> {
  try {
    return await readListing(answer(text));
  } catch (error) {
    return String(error);
  }
}

/** The same page, with a comment that changes nothing, but that only an XML reader understands. */
const commented = (text: string): string => text.replace(START, `${START}<!---->`);

const scan = (contents: string) => {
  const bytes = Buffer.from(contents);
  return scanContents(bytes, 0, bytes.length, decodeURIComponent);
};

describe('objects of a listing that is written as usual', () => {
  it.each([
    ['as AWS does', USUAL, {}],
    ['with space between', USUAL.replaceAll('><', '>\n  <'), {}],
    ['in another order', USUAL.replace(/(<Key>.*?Key>)(.*)(<St)/, '$2$1$3'), {}],
    [
      'with an owner and a type',
      USUAL.replace(
        '<Size>',
        '<Owner><ID>u</ID><DisplayName>U &amp; V</DisplayName></Owner><Type>Normal</Type><Size>',
      ),
      {},
    ],
    ['with quotes as they are', USUAL.replaceAll('&quot;', '"'), {}],
    ['with numbered quotes', USUAL.replaceAll('&quot;', '&#34;'), {}],
    ['without quotes', USUAL.replaceAll('&quot;', ''), {}],
    ['without an ETag', USUAL.replace(/<ETag.*ETag>/, ''), { etag: '' }],
    ['with an empty ETag', USUAL.replace(/&quot;.*&quot;/, ''), { etag: '' }],
    [
      'without a class',
      USUAL.replace(/<Stor.*ss>/, '</Contents>').replace('</Contents></Contents>', '</Contents>'),
      { storageClass: undefined },
    ],
    ['with another class', USUAL.replace('STANDARD', 'GLACIER'), { storageClass: 'GLACIER' }],
    ['with an encoded key', USUAL.replace('a/b', 'a%2Fb'), {}],
    [
      'without a fraction of a second',
      USUAL.replace('.789Z', 'Z'),
      { lastModifiedMs: Date.UTC(2026, 10, 20, 4, 5, 6) },
    ],
    [
      'on the last day of a month',
      USUAL.replace('11-20', '10-31'),
      { lastModifiedMs: Date.UTC(2026, 9, 31, 4, 5, 6, 789) },
    ],
  ])('are read without an XML reader: %s', (_name, contents, change) => {
    expect(scan(contents + contents)).toEqual([
      { ...OBJECT, ...change },
      { ...OBJECT, ...change },
    ]);
  });

  it.each([
    ['an entity in a key', USUAL.replace('a/b', 'a&amp;b')],
    ['a line break in a key', USUAL.replace('a/b', 'a\nb')],
    ['no key', USUAL.replace('a/b', '')],
    ['no size', USUAL.replace('<Size>12</Size>', '')],
    ['a size that is none', USUAL.replace('12', '1x')],
    ['a size of too many digits', USUAL.replace('12', '1234567890123456')],
    ['space in a size', USUAL.replace('12', ' 12')],
    ['no date', USUAL.replace(/2026[^<]*/, 'x')],
    ['an attribute', USUAL.replace('<Size>', '<Size x="1">')],
    ['a comment', USUAL.replace('<Size>', '<!-- --><Size>')],
    ['CDATA', USUAL.replace('a/b', '<![CDATA[a/b]]>')],
    ['text between elements', USUAL.replace('<Size>', 'x<Size>')],
    ['something nested', USUAL.replace('12', '<A>1</A>')],
    ['half a pair of quotes', USUAL.replace('&quot;', '')],
    ['quotes of two kinds', USUAL.replace('&quot;', '"')],
    ['an entity in an ETag', USUAL.replace('e1', '&amp;')],
    ['a wrong end tag', USUAL.replace('</Size>', '</Sise>')],
    ['a wrong end tag of something unknown', USUAL.replace('<Size>', '<A>1</B><Size>')],
    ['another element behind', `${USUAL}<A>1</A>`],
    ['an end that is missing', USUAL.slice(0, -3)],
  ])('are left to the XML reader where there is %s', (_name, contents) => {
    expect(scan(contents)).toBeUndefined();
  });
});

describe('a page', () => {
  const piece = fc.oneof(
    { weight: 4, arbitrary: fc.constant(USUAL) },
    fc.constantFrom(
      USUAL.replace('a/b', 'a+b%20%C3%A4'),
      USUAL.replace('a/b', 'a&amp;b'),
      USUAL.replace('a/b', '<![CDATA[c<d]]>'),
      USUAL.replace('a/b', 'ä'),
      USUAL.replace('a/b', '%FF'),
      USUAL.replaceAll('><', '> <'),
      USUAL.replace('12', ' 12 '),
      USUAL.replace('<Size>', '<Owner><ID>1</ID></Owner><Size>'),
      USUAL.replace('<Size>', '<Key>last</Key><Size>'),
      USUAL.replace('e1&', ' e1 &'),
      USUAL.replace('2026-11-20', '2026-02-31'),
      USUAL.replaceAll('Contents', 's3:Contents'),
      '<CommonPrefixes><Prefix>p%2F</Prefix></CommonPrefixes>',
      '<Other><Contents><Key>no</Key></Contents></Other>',
      '<!-- <Contents></Contents> -->',
      '<Contents/>',
      ' \n',
      'x',
    ),
  );
  const page = fc
    .record({
      before: fc.array(fc.constantFrom('<A>1</A>', '<B x="1"/>', '<C><D>2</D></C>', FIELDS)),
      pieces: fc.array(piece, { maxLength: 6 }),
      end: fc.constantFrom('', '<NextMarker>m%2B</NextMarker>', '<KeyCount>1</KeyCount>'),
    })
    .map(
      ({ before, pieces, end }) =>
        `${START}${FIELDS}${before.join('')}${pieces.join('')}${end}</ListBucketResult>`,
    );

  it('says the same however it is read', async () => {
    await fc.assert(
      fc.asyncProperty(page, async (text) => {
        expect(await read(text)).toEqual(await read(commented(text)));
      }),
      { numRuns: 500 },
    );
  });

  it('whose tags do not match is broken, and never one with fewer objects', async () => {
    const text = `${START}${FIELDS}${USUAL}${USUAL}</ListBucketResult>`;
    const second = text.lastIndexOf('</Contents>');
    const damaged = text.slice(0, second) + text.slice(second + '</Contents>'.length);
    for (const page of [damaged, commented(damaged), text.replace('<Key>', '<Key><Contents>')]) {
      expect(await read(page)).toMatch(/^BrokenListing: /);
    }
  });

  it('is as broken however it is read, where a key on it is wrong as well', async () => {
    const wrong = USUAL.replace('a/b', '%FF').replace('<Contents>', '<Contents><Contents>');
    const text = `${START}${FIELDS}${wrong}</ListBucketResult>`;
    expect(await read(text)).toBe(await read(commented(text)));
  });

  it('says the same however it is read, where it is damaged', async () => {
    const damage = fc.record({
      at: fc.nat(),
      length: fc.nat({ max: 12 }),
      put: fc.constantFrom('', '<', '>', '&', '</Contents>', '<Contents>', '"', 'ä', '\0'),
    });
    await fc.assert(
      fc.asyncProperty(page, damage, async (text, { at, length, put }) => {
        // Not in the root's own tag, where the comment goes.
        const from = START.length + (at % (text.length - START.length));
        const damaged = text.slice(0, from) + put + text.slice(from + length);
        expect(await read(damaged)).toEqual(await read(commented(damaged)));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a time as S3 writes it', () => {
  const told = (text: string) => timeInBytes(Buffer.from(`<${text}>`), 1, 1 + text.length);

  it('is what Date.parse says of it', () => {
    const least = Date.UTC(1970, 0, 1);
    const date = fc.date({
      min: new Date(least),
      max: new Date('9999-12-31'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(date, fc.boolean(), (time, isShort) => {
        const text = isShort ? time.toISOString().replace(/\.\d+/, '') : time.toISOString();
        const ms = told(text);
        if (ms === undefined) expect(time.getUTCDate()).toBeGreaterThan(28);
        else expect(ms).toBe(Date.parse(text));
      }),
    );
  });

  it.each([
    '2026-13-01T00:00:00.000Z',
    '2026-00-01T00:00:00.000Z',
    '2026-01-00T00:00:00.000Z',
    '2026-01-01T24:00:00.000Z',
    '2026-01-01T00:60:00.000Z',
    '2026-01-01T00:00:60.000Z',
    '2026-01-01T00:00:00.00xZ',
    '2026-01-01T00:00:00,000Z',
    '2026-01-01 00:00:00.000Z',
    '2026-01-01T00:00:00.000+',
    '1969-01-01T00:00:00.000Z',
    '2026-01-01',
    '',
  ])('is left to others where it is %j', (text) => {
    expect(told(text)).toBeUndefined();
  });
});
