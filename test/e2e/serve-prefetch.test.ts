import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, ask } from '../support/ask.ts';
import { type FaultOrigin, faultOrigin } from '../support/fault-origin.ts';
import { type GatedOrigin, gatedOrigin } from '../support/gated-origin.ts';
import {
  adminUrl,
  errorOf,
  pathOf,
  prefetchFrom,
  QBOX_ENV,
  tokenOf,
} from '../support/qbox-caller.ts';
import { type S3Double, startS3Double } from '../support/s3-double.ts';
import { type ServeHere, serveHere } from '../support/serve-here.ts';
import { deadPort } from '../support/site.ts';
import { servedRules, STORE_ENV } from '../support/store-rules.ts';
import { type Workplace, workplace } from '../support/workplace.ts';

const ADMIN = ['--admin', '127.0.0.1:0'];
const FORM = 'application/x-www-form-urlencoded';
const LARGE = Buffer.alloc(300_000, 'a body that is streamed. ');

let site: FaultOrigin;
let gated: GatedOrigin;
let store: S3Double;
let place: Workplace;
let proxy: ServeHere;

beforeAll(async () => {
  [site, gated, store] = await Promise.all([faultOrigin(), gatedOrigin(), startS3Double()]);
  const dead = `http://127.0.0.1:${String(await deadPort())}/`;
  const rules = `  - { id: dead, match: { keyPrefix: dead/ }, origins: { masters: ["${dead}"] } }
  - { id: gated, match: { keyPrefix: gated/ }, origins: { masters: ["${gated.url}/"] } }
  - { id: unset, match: { keyPrefix: off/ }, action: 'off' }
  - { id: through, match: { keyPrefix: proxy/ }, action: proxy }
  - { id: sent, match: { keyPrefix: sent/ }, action: redirect }
  - { id: both, match: { keyPrefix: both/ }, action: redirectAndFetch }
  - { id: other, match: { keyPrefix: other/ }, action: rewrite, key: { fixed: index.html } }
  - { id: first, match: { keyPrefix: next/ }, afterMiss: nextRule, key: { addPrefix: one/ } }
  - { id: second, match: { keyPrefix: next/ }, key: { addPrefix: two/ } }
  - { id: parts, match: { keyPrefix: parts/ }, store: { multipart: { threshold: 5MiB, partSize: 5MiB } } }
  - { id: picky, match: { keyPrefix: picky/ }, store: { reject: { empty: true } } }
  - { id: all, match: { keyPrefix: k } }
`;
  place = await workplace(servedRules(store, `${site.url}/`, rules));
  proxy = await serveHere(place, { args: ADMIN, env: { ...STORE_ENV, ...QBOX_ENV } });
});
afterEach(() => {
  store.healed();
});
afterAll(async () => {
  await proxy.stop();
  await Promise.all([site.close(), gated.close(), store.close(), place.remove()]);
});

const prefetch = (entry: string): Promise<Answer> => prefetchFrom(proxy, entry);
const bytesOf = (key: string) => store.bucket('bucket').objects.get(key)?.bytes.toString();
/** The origin has it, in a version that the test names. */
function has(key: string, body: string | Buffer): void {
  site.script(`/${key}`, { body, headers: { 'content-type': 'text/x-test', etag: '"1"' } });
}

describe('a prefetch', () => {
  test('K1 fetches the named resource from its source and stores it', async () => {
    has('k1', 'of the origin');
    expect((await prefetch('bucket:k1')).status).toBe(200);
    expect(bytesOf('k1')).toBe('of the origin');
    expect(store.bucket('bucket').objects.get('k1')?.headers).toMatchObject({
      'content-type': 'text/x-test',
    });
    expect((await ask(proxy.url, '/k1')).headers['x-bucketfill']).toBe('HIT');
  });

  test('K2 overwrites what is there, small or large', async () => {
    for (const [key, first, second] of [
      ['k2', 'old', 'new'],
      ['k2-large', LARGE, Buffer.alloc(300_001, 'another one. ')],
    ] as const) {
      has(key, first);
      await prefetch(`bucket:${key}`);
      expect(bytesOf(key)).toBe(first.toString());
      has(key, second);
      expect((await prefetch(`bucket:${key}`)).status).toBe(200);
      expect(bytesOf(key)).toBe(second.toString());
    }
  });

  test('K2 overwrites what goes in parts, and leaves no part where that fails', async () => {
    const first = Buffer.alloc(11 * 1024 ** 2, 'one ');
    const second = Buffer.alloc(11 * 1024 ** 2, 'two ');
    has('parts/k', first);
    expect((await prefetch('bucket:parts/k')).status).toBe(200);
    has('parts/k', second);
    expect((await prefetch('bucket:parts/k')).status).toBe(200);
    const { objects, uploads } = store.bucket('bucket');
    expect(objects.get('parts/k')?.bytes.equals(second)).toBe(true);
    const cutBody = { afterBytes: 6 * 1024 ** 2, how: 'end' } as const;
    site.script('/parts/k', { body: first, headers: { etag: '"3"' }, cutBody });
    expect((await prefetch('bucket:parts/k')).status).toBe(478);
    expect(objects.get('parts/k')?.bytes.equals(second)).toBe(true);
    expect(uploads.size).toBe(0);
  });

  test('K3 is taken with the type of a form, which is signed, and without any', async () => {
    has('k3', 'three');
    const path = pathOf('bucket:k3');
    const authorization = tokenOf(path, 'a=b');
    const headers = { authorization, 'content-type': FORM };
    const asked = { method: 'POST', headers, body: 'a=b' };
    expect((await ask(adminUrl(proxy), path, asked)).status).toBe(200);
    expect((await prefetch('bucket:k3')).status).toBe(200);
    const atQiniu = { ...asked, headers: { ...headers, host: 'iovip.qbox.me' } };
    expect((await ask(adminUrl(proxy), path, atQiniu)).status).toBe(200);
    const changed = { ...asked, body: 'a=c' };
    expect((await ask(adminUrl(proxy), path, changed)).status).toBe(401);
    const unsigned = { authorization: tokenOf(path), 'content-type': 'text/plain' };
    const plain = await ask(adminUrl(proxy), path, {
      method: 'POST',
      headers: unsigned,
      body: 'a=b',
    });
    expect(plain.status).toBe(200);
  });

  test.each([
    ['K4 is 401 without Authorization', () => ({})],
    ['K4 is 401 with the admin token', () => ({ authorization: 'Bearer let-me' })],
    [
      'K4 is 401 with no space after QBox',
      (good: string) => ({ authorization: good.replace(' ', '') }),
    ],
    ['K4 is 401 with two spaces', (good: string) => ({ authorization: good.replace(' ', '  ') })],
    [
      'K4 is 401 with another scheme',
      (good: string) => ({ authorization: good.replace('QBox', 'Qiniu') }),
    ],
    ['K4 is 401 without the padding', (good: string) => ({ authorization: good.replace('=', '') })],
    [
      'K4 is 401 for another access key',
      (good: string) => ({ authorization: good.replace('ak:', 'ao:') }),
    ],
    [
      'K4 is 401 by another secret',
      (_: string, path: string) => ({ authorization: tokenOf(path, '', 'x') }),
    ],
    [
      'K4 is 401 with the token of another path',
      () => ({ authorization: tokenOf(pathOf('bucket:k')) }),
    ],
    [
      'K4 is 401 with the token of another query',
      (_: string, path: string) => ({ authorization: tokenOf(`${path}?a`) }),
    ],
  ])('%s', async (_title, change) => {
    const path = pathOf('bucket:k4');
    const headers = change(tokenOf(path), path);
    const answer = await ask(adminUrl(proxy), path, { method: 'POST', headers });
    expect([answer.status, errorOf(answer)]).toEqual([401, 'bad token']);
    expect(site.requestsFor('/k4')).toEqual([]);
  });

  test('K5 answers when the object is stored, and heeds no parameters', async () => {
    gated.hold('/gated/k5', { body: LARGE, sent: 100_000 });
    const path = `${pathOf('bucket:gated/k5')}?a=%2F&b`;
    const headers = { authorization: tokenOf(path) };
    const answer = ask(adminUrl(proxy), path, { method: 'POST', headers });
    await gated.asked('/gated/k5');
    expect(bytesOf('gated/k5')).toBeUndefined();
    gated.release('/gated/k5');
    expect((await answer).status).toBe(200);
    expect(bytesOf('gated/k5')).toBe(LARGE.toString());
  });

  test('K6 is answered by an empty 200 with the headers of the vendor', async () => {
    has('k6', 'six');
    const answer = await prefetch('bucket:k6');
    expect([answer.status, answer.text]).toEqual([200, '']);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'content-length': '0',
    });
    expect(answer.headers['x-reqid']).toMatch(/^[\w-]{16}$/);
    expect(answer.headers['x-log']).toMatch(/^PREFETCH:\d+$/);
  });

  test('K7 that fails is answered by JSON with the reason', async () => {
    const answer = await prefetch('bucket:k7');
    expect(Object.keys(JSON.parse(answer.text) as object)).toEqual(['error']);
    expect(errorOf(answer)).toContain('k7');
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-store',
    });
    expect(answer.headers['x-reqid']).toMatch(/^[\w-]{16}$/);
    expect(answer.headers['x-log']).toMatch(/^PREFETCH\/404:\d+$/);
  });

  test.each([
    ['K8 is 404 where the origin has nothing', 'k8-404', { status: 404 }, 404],
    ['K8 is 478 where the origin says 410', 'k8-410', { status: 410 }, 478],
    ['K8 is 478 where the origin says 403', 'k8-403', { status: 403 }, 478],
    ['K8 is 478 where the origin says 500', 'k8-500', { status: 500 }, 478],
    ['K8 is 478 where the origin says 204', 'k8-204', { status: 204 }, 478],
    [
      'K8 is 478 where the origin redirects in a circle',
      'k8-302',
      { status: 302, headers: { location: '/k8-302' } },
      478,
    ],
    [
      'K8 is 478 where the body is cut',
      'k8-cut',
      { body: LARGE, cutBody: { afterBytes: 9, how: 'end' } },
      478,
    ],
    [
      'K8 is 478 where the connection breaks',
      'k8-reset',
      { cutHead: { afterBytes: 0, how: 'reset' } },
      478,
    ],
    ['K8 is 478 where the rule rejects the answer', 'picky/k', { body: '' }, 478],
    ['K8 is 478 where nobody listens', 'dead/k', {}, 478],
  ] as const)('%s, and the old object stays', async (_title, key, script, expected) => {
    store.bucket('bucket').objects.delete(key);
    has('k8', 'old');
    await prefetch('bucket:k8');
    const old = store.bucket('bucket').objects.get('k8');
    if (old === undefined) throw new Error('the old object is missing');
    store.bucket('bucket').objects.set(key, old);
    site.script(`/${key}`, script);
    const answer = await prefetch(`bucket:${key}`);
    expect([answer.status, errorOf(answer)]).toEqual([expected, expect.stringMatching(/./)]);
    expect(bytesOf(key)).toBe('old');
  });

  test('K8 is 599 where the bucket can not store it, and the old object stays', async () => {
    has('k599', 'old');
    await prefetch('bucket:k599');
    has('k599', 'new');
    const action = { kind: 'refuse', status: 403, code: 'AccessDenied' } as const;
    store.fail({ operation: 'PutObject', times: 99, action });
    const answer = await prefetch('bucket:k599');
    expect([answer.status, errorOf(answer)]).toEqual([599, expect.stringMatching(/bucket/)]);
    expect(bytesOf('k599')).toBe('old');
  });

  test.each([
    ['K8 is 400 for what is no base64', 'a*b'],
    ['K8 is 400 for what names no key', Buffer.from('bucket').toString('base64')],
    ['K8 is 400 for what is no UTF-8', Buffer.from('bucket:\xff', 'latin1').toString('base64')],
    ['K8 is 400 for nothing', ''],
    ['K8 is 400 for more than one segment', `${Buffer.from('bucket:k').toString('base64')}/x`],
  ])('%s', async (_title, encoded) => {
    const path = `/prefetch/${encoded}`;
    const headers = { authorization: tokenOf(path) };
    const answer = await ask(adminUrl(proxy), path, { method: 'POST', headers });
    expect([answer.status, errorOf(answer)]).toEqual([400, expect.stringMatching(/./)]);
  });

  test('K8 is 400 for a key that no origin can be asked for', async () => {
    expect((await prefetch('bucket:k/../../x')).status).toBe(400);
  });

  test.each([
    ['K11 of another bucket is 404', 'media:k11'],
    ['K11 of a bucket whose name differs in case is 404', 'Bucket:k11'],
    ['K11 of a key of no rule is 404', 'bucket:no-rule'],
    ['K11 of a key of an off rule is 404', 'bucket:off/k'],
    ['K11 of a key of a proxy rule is 404', 'bucket:proxy/k'],
    ['K11 of a key of a redirect rule is 404', 'bucket:sent/k'],
    ['K11 of a key of a rewrite rule is 404', 'bucket:other/k'],
  ])('%s', async (_title, entry) => {
    const before = site.requests.length;
    const answer = await prefetch(entry);
    expect([answer.status, errorOf(answer)]).toEqual([404, expect.stringMatching(/./)]);
    expect(site.requests).toHaveLength(before);
  });

  test('K11 takes a key with a leading slash as it is', async () => {
    site.script('/both//a', { body: 'two slashes' });
    expect((await prefetch('bucket:both//a')).status).toBe(200);
    expect(bytesOf('both//a')).toBe('two slashes');
  });

  test('K11 replaces what is kept beside the object as well', async () => {
    site.script('/k11-meta', {
      body: 'a',
      headers: { 'cache-control': 'max-age=1', 'x-amz-meta-a': '1' },
    });
    await prefetch('bucket:k11-meta');
    site.script('/k11-meta', { body: 'a', headers: { 'content-type': 'text/new' } });
    await prefetch('bucket:k11-meta');
    const object = store.bucket('bucket').objects.get('k11-meta');
    expect(object?.headers).toMatchObject({ 'content-type': 'text/new' });
    expect(JSON.stringify(object?.headers)).not.toContain('max-age');
    expect(JSON.stringify(object?.metadata)).not.toContain('"a"');
  });

  test('goes on by the next rule where its rule says so', async () => {
    site.script('/two/next/k', { body: 'of the second' });
    expect((await prefetch('bucket:next/k')).status).toBe(200);
    expect(bytesOf('next/k')).toBe('of the second');
    expect(site.requestsFor('/one/next/k')).toHaveLength(1);
    expect((await prefetch('bucket:next/none')).status).toBe(404);
  });

  test('only takes POST', async () => {
    const answer = await ask(adminUrl(proxy), pathOf('bucket:k'), { method: 'PUT' });
    expect([answer.status, answer.headers['allow']]).toEqual([405, 'POST']);
  });
});
