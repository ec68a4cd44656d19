import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, answerOf, begin } from '../support/ask.ts';
import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';
import { type GatedOrigin, gatedOrigin } from '../support/gated-origin.ts';
import { type S3Double, startS3Double } from '../support/s3-double.ts';
import { serveHere, type ServeHere } from '../support/serve-here.ts';
import { servedRules, STORE_ENV } from '../support/store-rules.ts';
import { type Workplace, workplace } from '../support/workplace.ts';

const LARGE = Buffer.alloc(300_000, 'a body that is streamed. ');

let site: FaultOrigin;
let gated: GatedOrigin;
let store: S3Double;
let place: Workplace;
let proxy: ServeHere;

beforeAll(async () => {
  [site, gated, store] = await Promise.all([faultOrigin(), gatedOrigin(), startS3Double()]);
  const rules = `  - { id: own, match: { keyPrefix: own/ }, store: { private: refuse } }
  - { id: plain, match: { keyPrefix: plain/ }, request: { passQuery: true, headers: { pass: [x-device] } } }
  - { id: any, match: { keyPrefix: any/ }, request: { passQuery: true }, store: { variants: any } }
  - id: picky
    match: { keyPrefix: picky/ }
    store: { reject: { empty: true, htmlForMedia: true, maxSize: 100KiB } }
  - { id: oss, match: { keyPrefix: oss/ }, response: { ossTag: true } }
  - { id: bucketOwn, match: { keyPrefix: etag/ }, response: { validators: bucket } }
  - { id: gated, match: { keyPrefix: gated/ }, origins: { masters: ["${gated.url}/"] } }
  - { id: all }
`;
  place = await workplace(servedRules(store, `${site.url}/`, rules));
  proxy = await serveHere(place, { env: STORE_ENV });
});
afterAll(async () => {
  await proxy.stop();
  await Promise.all([site.close(), gated.close(), store.close(), place.remove()]);
});

const filled = (key: string) =>
  proxy.event((event) => event.event === 'filled' && event.key === key);
const isStored = (key: string): boolean => store.bucket('bucket').objects.has(key);

describe('a key', () => {
  /** Path on the wire; its key; the origin's path. */
  const keys = [
    ['//a', '/a', '//a'],
    ['/a//b/', 'a//b/', '/a//b/'],
    ['/a%2Fb', 'a/b', '/a/b'],
    ['/a%252Fb', 'a%2Fb', '/a%252Fb'],
    ['/a+b', 'a+b', '/a%2Bb'],
    ['/a%20b', 'a b', '/a%20b'],
    ['/what%3F', 'what?', '/what%3F'],
    ['/%E2%82%AC/%F0%9F%98%80', '€/😀', '/%E2%82%AC/%F0%9F%98%80'],
    ['/e%CC%81', 'e\u0301', '/e%CC%81'],
    ['/%C3%A9', '\u00e9', '/%C3%A9'],
    ['/A', 'A', '/A'],
    ['/semi;colon:at@', 'semi;colon:at@', '/semi%3Bcolon%3Aat%40'],
    ['/__proto__', '__proto__', '/__proto__'],
  ] as const;
  test.each(keys)('%s is opaque on its way to origin and bucket', async (path, key, asked) => {
    site.script(asked, { body: `this is ${key}` });
    expect(await ask(proxy.url, path)).toMatchObject({ status: 200, text: `this is ${key}` });
    await filled(key);
    expect(store.bucket('bucket').objects.get(key)?.bytes.toString()).toBe(`this is ${key}`);
    const hit = await ask(proxy.url, path);
    expect(hit).toMatchObject({ status: 200, text: `this is ${key}` });
    expect(hit.headers['x-bucketfill']).toBe('HIT');
  });

  test.each(['/a/../b', '/./a', '/a/%2e%2e/b'])(
    '%s is never resolved, and no HTTP origin is asked for it',
    async (path) => {
      expect((await ask(proxy.url, path)).status).toBe(424);
      expect(site.requests.filter(({ path: asked }) => asked.includes('..'))).toEqual([]);
    },
  );
});

describe('an answer that is not to be stored is served all the same', () => {
  test.each([
    ['private, where the rule refuses that', '/own/a', { headers: { 'Cache-Control': 'private' } }],
    ['with a cookie, where the rule refuses that', '/own/b', { headers: { 'Set-Cookie': 'a=b' } }],
    ['for a query that was passed on', '/plain/a?v=1', {}],
    [
      'private, for a query that was passed on',
      '/any/a?v=1',
      { headers: { 'Cache-Control': 'no-store' } },
    ],
    ['HTML under a media key', '/picky/a.jpg', { headers: { 'Content-Type': 'text/html' } }],
    ['too large', '/picky/large', { body: LARGE }],
    ['too large, of undeclared length', '/picky/chunks', { body: LARGE, framing: 'chunked' }],
    ['empty', '/picky/empty', { body: '' }],
    [
      'with more metadata than S3 takes',
      '/meta',
      { headers: { 'x-amz-meta-a': 'm'.repeat(3000) } },
    ],
  ] as const)('%s', async (_what, path, answer) => {
    const scripted = { body: 'an answer', ...answer };
    site.script(path, scripted);
    const key = path.slice(1).replace(/\?.*/, '');
    const got = await ask(proxy.url, path);
    expect(got).toMatchObject({ status: 200, text: scripted.body.toString(), cut: false });
    expect(got.headers['set-cookie']).toBeUndefined();
    expect(await filled(key)).toMatchObject({ outcome: 'handedOn' });
    expect(isStored(key)).toBe(false);
  });

  test('but one that the rule lets be stored for a passed query is stored', async () => {
    site.script('/any/b?v=1', { body: 'one of them' });
    expect(await ask(proxy.url, '/any/b?v=1')).toMatchObject({ text: 'one of them' });
    await filled('any/b');
    expect(isStored('any/b')).toBe(true);
  });

  test('a signature in the query neither goes along nor makes a variant', async () => {
    site.script('/plain/signed', { body: 'plain' });
    await ask(proxy.url, '/plain/signed?X-Amz-Signature=abc&X-Amz-Date=1');
    await filled('plain/signed');
    expect(isStored('plain/signed')).toBe(true);
  });

  test('nor does a header of the client that nobody named', async () => {
    site.script('/plain/h', { body: 'plain' });
    const headers = { cookie: 'a=b', authorization: 'Basic x', 'x-forwarded-host': 'evil.example' };
    await ask(proxy.url, '/plain/h', { headers: { ...headers, host: 'evil.example' } });
    const [asked] = site.requestsFor('/plain/h');
    expect(asked?.headers).not.toHaveProperty('cookie');
    expect(asked?.headers).not.toHaveProperty('authorization');
    expect(asked?.headers).not.toHaveProperty('x-forwarded-host');
    expect(asked?.headers['host']).toBe(new URL(site.url).host);
  });
});

describe('what vendors do', () => {
  test('H39 O5 the object is returned to the client, and uploaded under the requested key', async () => {
    gated.hold('/gated/image.jpg', { body: LARGE, sent: 100_000 });
    // The client has a part of it before the origin gave the rest: both get it at the same time.
    const head = await begin(proxy.url, '/gated/image.jpg').head;
    gated.release('/gated/image.jpg');
    expect((await answerOf(head)).body.equals(LARGE)).toBe(true);
    await filled('gated/image.jpg');
    expect(store.bucket('bucket').objects.get('gated/image.jpg')?.bytes.equals(LARGE)).toBe(true);
  });

  test('H21 HEAD of what is absent tells the origin’s headers, and pulls nothing', async () => {
    site.script('/head', { body: 'hello', headers: { ETag: '"7"', 'Content-Type': 'text/x' } });
    const head = await ask(proxy.url, '/head', { method: 'HEAD' });
    expect(head.headers).toMatchObject({
      etag: '"7"',
      'content-type': 'text/x',
      'content-length': '5',
    });
    expect(site.requestsFor('/head').map(({ method }) => method)).toEqual(['HEAD']);
    expect(isStored('head')).toBe(false);
  });

  test('O8 a chunked origin gives a chunked answer, and a hit with its length', async () => {
    site.script('/chunked', { body: LARGE, framing: 'chunked' });
    const miss = await ask(proxy.url, '/chunked');
    expect(miss.headers['transfer-encoding']).toBe('chunked');
    expect(miss.body.equals(LARGE)).toBe(true);
    await filled('chunked');
    expect((await ask(proxy.url, '/chunked')).headers['content-length']).toBe('300000');
  });

  test('O10 x-oss-tag names the origin’s URL, the first time and later', async () => {
    site.script('/oss/dir/a.jpg', { body: 'x' });
    const url = `${site.url}/oss/dir/a.jpg`.replaceAll(':', '%3a').replaceAll('/', '%2f');
    for (const mark of ['MISS', 'HIT']) {
      const answer = await ask(proxy.url, '/oss/dir/a.jpg');
      expect(answer.headers).toMatchObject({ 'x-oss-tag': `MIRROR ${url}`, 'x-bucketfill': mark });
      await filled('oss/dir/a.jpg');
    }
  });

  test('the bucket’s validators are never contradicted by the origin’s', async () => {
    site.script('/etag/a', { body: 'x', headers: { ETag: '"of-the-origin"' } });
    const miss = await ask(proxy.url, '/etag/a');
    expect(miss.headers['etag']).toBeUndefined();
    await filled('etag/a');
    const hit = await ask(proxy.url, '/etag/a');
    expect(hit.headers['etag']).toBe('"9dd4e461268c8034f5c8564e155c67a6"');
  });
});
