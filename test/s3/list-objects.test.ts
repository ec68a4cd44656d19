import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { listPages } from '../../src/s3/list-objects.ts';
import type { S3ListedObject } from '../../src/s3/listed-object.ts';
import type { S3Store } from '../../src/s3/s3-store.ts';
import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';
import { errorXml, NEVER, storeUnderTest } from './store-under-test.ts';

let origin: FaultOrigin;
let store: S3Store;

beforeEach(async () => {
  origin = await faultOrigin();
  ({ store } = storeUnderTest(origin.url));
});
afterEach(async () => {
  await origin.close();
});

const FIRST = '/b?encoding-type=url&list-type=2';
const V1 = '/b?encoding-type=url';

const object = (key: string, more = ''): string =>
  `<Contents><Key>${key}</Key><LastModified>2026-11-20T04:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag><Size>12</Size><StorageClass>STANDARD</StorageClass>${more}</Contents>`;

const page = (keys: readonly string[], rest: string): string =>
  `<?xml version="1.0"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><EncodingType>url</EncodingType>${rest}${keys.map((key) => object(key)).join('')}</ListBucketResult>`;

const v2 = (keys: readonly string[], token?: string): string =>
  page(
    keys,
    `<KeyCount>${keys.length}</KeyCount>${token === undefined ? '<IsTruncated>false</IsTruncated>' : `<IsTruncated>true</IsTruncated><NextContinuationToken>${token}</NextContinuationToken>`}`,
  );

const v1 = (keys: readonly string[], isTruncated: boolean, rest = ''): string =>
  page(keys, `<Marker></Marker><IsTruncated>${String(isTruncated)}</IsTruncated>${rest}`);

const next = (token: string): string =>
  `/b?continuation-token=${token}&encoding-type=url&list-type=2`;

async function list(prefix = '', after = ''): Promise<S3ListedObject[]> {
  const found: S3ListedObject[] = [];
  for await (const objects of listPages(store, { prefix, after }, NEVER)) found.push(...objects);
  return found;
}

const keys = async (prefix = '', after = ''): Promise<string[]> =>
  (await list(prefix, after)).map(({ key }) => key);

describe('a listing', () => {
  it('tells of each object what the store does', async () => {
    origin.script(FIRST, { body: v2(['a']) });
    expect(await list()).toEqual([
      {
        key: 'a',
        size: 12,
        etag: '"e"',
        lastModifiedMs: Date.UTC(2026, 10, 20, 4),
        storageClass: 'STANDARD',
      },
    ]);
  });

  it('goes through all pages, empty ones too, by their tokens', async () => {
    origin.script(FIRST, { body: v2(['a', 'b'], 't/1=') });
    origin.script(next('t%2F1%3D'), { body: v2([], 't2') });
    origin.script(next('t2'), { body: v2(['c']) });
    expect(await keys()).toEqual(['a', 'b', 'c']);
  });

  it('may have the same token for every page while there are further keys', async () => {
    origin.script(FIRST, { body: v2(['a'], 't') });
    origin.script(next('t'), [{ body: v2(['b'], 't') }, { body: v2(['c']) }]);
    expect(await keys()).toEqual(['a', 'b', 'c']);
  });

  it('of a range asks for just that', async () => {
    origin.script('/b?encoding-type=url&list-type=2&prefix=p%2F%2B&start-after=p%2F%2Bm', {
      body: v2(['p/%2Bn']),
    });
    expect(await keys('p/+', 'p/+m')).toEqual(['p/+n']);
  });

  it('has keys exactly as they are', async () => {
    const odd = ['a\u0001\r\n', 'a b+%2F', 'a\u0085', 'b&<>"', 'ä\ufffd', '\u{1f600}'];
    const encoded = odd.map((key) => encodeURIComponent(key).replaceAll('%20', '+'));
    origin.script(FIRST, { body: v2(encoded) });
    expect(await keys()).toEqual(odd);
  });

  it('that is not percent-encoded, though that was asked for, is read as it is', async () => {
    const plain = v2(['a&#x1;', 'a%2Fb', 'a&amp;&#133;&quot;', 'a+b']);
    origin.script(FIRST, { body: plain.replace('<EncodingType>url</EncodingType>', '') });
    expect(await keys()).toEqual(['a\u0001', 'a%2Fb', 'a&\u0085"', 'a+b']);
  });

  it('comes out the same however its bytes are cut', async () => {
    origin.script(FIRST, { body: v2(['%C3%A4', '\u{1f600}']), drip: { bytes: 7, everyMs: 0 } });
    expect(await keys()).toEqual(['ä', '\u{1f600}']);
  });

  it.each([
    ['breaks off', { cutBody: { afterBytes: 300, how: 'end' } }],
    ['ends before its XML does', { body: v2(['a', 'b']).slice(0, -5) }],
  ] as const)('whose page %s is asked for again', async (_, answer) => {
    origin.script(FIRST, [{ body: v2(['a', 'b']), ...answer }, { body: v2(['a', 'b']) }]);
    expect(await keys()).toEqual(['a', 'b']);
    expect(origin.requests).toHaveLength(2);
  });

  it('of a store without version 2 goes by version 1, from the same key on', async () => {
    origin.script(`${FIRST}&start-after=a`, { status: 501, body: errorXml('NotImplemented') });
    origin.script(`${V1}&marker=a`, { body: v1(['b%2B', 'c'], true) });
    origin.script(`${V1}&marker=c`, { body: v1(['d'], true, '<NextMarker>d%2B</NextMarker>') });
    origin.script(`${V1}&marker=d%2B`, { body: v1(['e'], false) });
    expect(await keys('', 'a')).toEqual(['b+', 'c', 'd', 'e']);
  });

  it('of a store that takes version 2 for version 1 goes by version 1', async () => {
    origin.script(`${FIRST}&start-after=b`, { body: v1(['a', 'b', 'c'], false) });
    origin.script(`${V1}&marker=b`, { body: v1(['c'], false) });
    expect(await keys('', 'b')).toEqual(['c']);
  });
});

describe('a listing that can not be complete is an error:', () => {
  const failing = { name: 'S3Error', code: 'InvalidListing' };

  it.each<[string, string, RegExp]>([
    ['it goes on without a token', v2(['a'], ''), /token for its next page is missing/],
    ['a key comes twice', v2(['a', 'a']), /goes back to "a"/],
    ['keys go back', v2(['b', 'a']), /after "b" it goes back to "a"/],
    ['it never says whether it goes on', v2(['a']).replace(/<IsTr.*ed>/, ''), /IsTruncated/],
    ['its XML has no end', v2(['a']).slice(0, -3), /XML has no end/],
    ['its XML is cut inside a key', v2(['abc']).replace(/bc<.*$/s, ''), /XML has no end/],
    ['it is another document', '<Other><IsTruncated>false</IsTruncated></Other>', /but <Other>/],
    ['it is a page for people', '<html><body>hello</body></html>', /but <html>/],
    ['an object has no size', v2(['a']).replace('<Size>12</Size>', ''), /no size or no date/],
    ['an object has no date', v2(['a']).replace('2026', 'x'), /no size or no date/],
    ['an object has no key', v2(['']), /without a key/],
    ['a key is no UTF-8', v2(['a%FF']), /not properly percent-encoded/],
  ])('%s', async (_, body, line) => {
    origin.script(FIRST, { body });
    await expect(list()).rejects.toMatchObject(failing);
    await expect(list()).rejects.toThrow(line);
  });

  it('its bytes are no UTF-8', async () => {
    origin.script(FIRST, { body: Buffer.from(v2(['a\u00ff']), 'latin1') });
    await expect(list()).rejects.toThrow(/not UTF-8/);
  });

  it('its keys leave the range', async () => {
    origin.script(`${FIRST}&prefix=p`, { body: v2(['p', 'q']) });
    await expect(list('p')).rejects.toThrow(/holds "q", expected keys under "p"/);
    origin.script(`${FIRST}&start-after=m`, { body: v2(['a']) });
    await expect(list('', 'm')).rejects.toThrow(/after "m" it goes back to "a"/);
  });

  it('the next page repeats the first', async () => {
    origin.script(FIRST, { body: v2(['a', 'b'], 't') });
    origin.script(next('t'), { body: v2(['a', 'b'], 't2') });
    await expect(list()).rejects.toMatchObject(failing);
  });

  it('empty pages lead in a circle', async () => {
    origin.script(FIRST, { body: v2(['a'], 't1') });
    origin.script(next('t1'), { body: v2([], 't2') });
    origin.script(next('t2'), { body: v2([], 't1') });
    await expect(list()).rejects.toThrow(/circle/);
  });

  it('version 1 goes on, but nowhere', async () => {
    origin.script(FIRST, { status: 400, body: errorXml('InvalidArgument') });
    origin.script(V1, { body: v1([], true) });
    await expect(list()).rejects.toThrow(/goes on, but not behind/);
  });
});

describe('a page that does not come', () => {
  const patient = (): void => {
    ({ store } = storeUnderTest(origin.url, { retry: { attempts: 9, delayMs: () => 0 } }));
  };
  const cut = { body: v2(['a']), cutBody: { afterBytes: 99, how: 'end' } } as const;
  const busy = { status: 503, body: errorXml('SlowDown') };

  it.each([
    ['refused for now', busy, 'SlowDown'],
    [
      'broken off before its head',
      { cutHead: { afterBytes: 0, how: 'end' } },
      'ORIGIN_UNREACHABLE',
    ],
    ['broken off', cut, 'LENGTH_MISMATCH'],
    ['not whole', { body: v2(['a']).slice(0, -5) }, 'InvalidListing'],
  ] as const)('is told after three requests, however patient the store is: %s', async (...row) => {
    const [, answer, code] = row;
    patient();
    origin.script(FIRST, answer);
    await expect(list()).rejects.toMatchObject({ code });
    expect(origin.requests).toHaveLength(3);
  });

  it('is told after three requests that went wrong in different ways', async () => {
    patient();
    origin.script(FIRST, [busy, cut, busy]);
    await expect(list()).rejects.toMatchObject({ code: 'SlowDown' });
    expect(origin.requests).toHaveLength(3);
  });

  it('has three requests of its own, each page', async () => {
    patient();
    origin.script(FIRST, [busy, busy, { body: v2(['a'], 't') }]);
    origin.script(next('t'), [busy, cut, { body: v2(['b']) }]);
    expect(await keys()).toEqual(['a', 'b']);
  });
});

describe('a listing that is refused', () => {
  it('is told as the refusal that it is', async () => {
    origin.script(FIRST, { status: 403, body: errorXml('AccessDenied') });
    await expect(list()).rejects.toMatchObject({ code: 'AccessDenied', status: 403 });
  });

  it('later than at its first page is never begun again by version 1', async () => {
    origin.script(FIRST, { body: v2(['a'], 't') });
    origin.script(next('t'), { status: 400, body: errorXml('InvalidArgument') });
    await expect(list()).rejects.toMatchObject({ code: 'InvalidArgument' });
  });
});
