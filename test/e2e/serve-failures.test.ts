import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, ask } from '../support/ask.ts';
import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';
import { type GatedOrigin, gatedOrigin } from '../support/gated-origin.ts';
import type { Operation } from '../support/s3-double-request.ts';
import { type S3Double, startS3Double } from '../support/s3-double.ts';
import { serveHere, type ServeHere } from '../support/serve-here.ts';
import { deadPort } from '../support/site.ts';
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
  const rules = `  - { id: dead, match: { keyPrefix: dead/ }, origins: { masters: ["http://127.0.0.1:${await deadPort()}/"] } }
  - { id: gated, match: { keyPrefix: gated/ }, origins: { masters: ["${gated.url}/"] } }
  - { id: own, match: { keyPrefix: own/ }, response: { onError: 502 } }
  - id: pass
    match: { keyPrefix: pass/ }
    response: { passStatuses: [403, 404], passHeaders: [x-why] }
  - { id: unfollowed, match: { keyPrefix: moved/ }, request: { followRedirects: false } }
  - id: followed
    match: { keyPrefix: follow/ }
  - { id: remembered, match: { keyPrefix: neg/ }, protect: { negativeTtl: 1h } }
  - { id: pair, match: { keyPrefix: pair/ }, origins: { slaves: ["${gated.url}/"], retryOn: [404, 5XX] } }
  - { id: all }
`;
  place = await workplace(servedRules(store, `${site.url}/`, rules));
  proxy = await serveHere(place, { env: STORE_ENV });
});
afterEach(() => {
  store.healed();
});
afterAll(async () => {
  await proxy.stop();
  await Promise.all([site.close(), gated.close(), store.close(), place.remove()]);
});

const filled = (key: string) =>
  proxy.event((event) => event.event === 'filled' && event.key === key);
const bytesOf = (key: string) => store.bucket('bucket').objects.get(key)?.bytes.toString();

function refuse(operation: Operation, status: number, code: string): void {
  store.fail({ operation, times: 9999, action: { kind: 'refuse', status, code } });
}

function expectError(answer: Answer, status: number, code: string): void {
  expect(answer.status).toBe(status);
  expect(answer.text).toContain(`<Code>${code}</Code>`);
  expect(answer.headers).toMatchObject({
    'content-type': 'application/xml',
    'cache-control': 'no-store',
  });
}

describe('an origin that does not give the object', () => {
  test.each([
    ['answers 500', 'a', 500],
    ['answers 403', 'b', 403],
    ['answers 204', 'c', 204],
  ])('O13 and %s is 424 MirrorFailed', async (_what, key, status) => {
    site.script(`/${key}`, { status, body: status === 204 ? '' : 'no' });
    expectError(await ask(proxy.url, `/${key}`), 424, 'MirrorFailed');
  });

  test('O13 and can not be reached is 424 MirrorFailed', async () => {
    expectError(await ask(proxy.url, '/dead/a'), 424, 'MirrorFailed');
  });

  test('is what the rule says in onError', async () => {
    site.script('/own/a', { status: 500 });
    expectError(await ask(proxy.url, '/own/a'), 502, 'MirrorFailed');
  });

  test('B9 and its backup neither is 404 where both said so, and else is not', async () => {
    expectError(await ask(proxy.url, '/pair/a'), 404, 'NoSuchKey');
    site.script('/pair/b', { status: 503 });
    expectError(await ask(proxy.url, '/pair/b'), 424, 'MirrorFailed');
  });

  test('in a status that is passed is handed on with its body and headers, and not stored', async () => {
    const headers = { 'Content-Type': 'text/html', 'X-Why': 'not yours', 'Set-Cookie': 'a=b' };
    for (const status of [403, 404]) {
      site.script(`/pass/${status}`, { status, body: '<p>no</p>', headers });
      const answer = await ask(proxy.url, `/pass/${status}`);
      expect(answer).toMatchObject({ status, text: '<p>no</p>' });
      expect(answer.headers).toMatchObject({ 'content-type': 'text/html', 'x-why': 'not yours' });
      expect(answer.headers).toMatchObject({ 'cache-control': 'no-store' });
      expect(answer.headers['set-cookie']).toBeUndefined();
      const head = await ask(proxy.url, `/pass/${status}`, { method: 'HEAD' });
      expect(head.status).toBe(status);
      expect(head.headers['content-length']).toBeUndefined();
    }
    expect(bytesOf('pass/403')).toBeUndefined();
  });

  test('but a redirect is followed, or handed on where the rule does not follow', async () => {
    const to = { status: 302, headers: { Location: '/target' } };
    site.script('/target', { body: 'there' });
    site.script('/follow/a', to);
    site.script('/moved/a', to);
    expect(await ask(proxy.url, '/follow/a')).toMatchObject({ status: 200, text: 'there' });
    const handedOn = await ask(proxy.url, '/moved/a');
    expect(handedOn).toMatchObject({ status: 302, text: '' });
    expect(handedOn.headers['location']).toBe(`${site.url}/target`);
    expect(bytesOf('moved/a')).toBeUndefined();
  });

  test('by 404 is remembered for negativeTtl, and nothing else is', async () => {
    for (const mark of ['MISS', 'NEGATIVE']) {
      const answer = await ask(proxy.url, '/neg/a');
      expectError(answer, 404, 'NoSuchKey');
      expect(answer.headers['x-bucketfill']).toBe(mark);
    }
    expect(site.requestsFor('/neg/a')).toHaveLength(1);
    site.script('/neg/b', { status: 500 });
    for (const times of [1, 2]) {
      expectError(await ask(proxy.url, '/neg/b'), 424, 'MirrorFailed');
      expect(site.requestsFor('/neg/b')).toHaveLength(times);
    }
  });

  test('by 404 is forgotten when the bucket has the object', async () => {
    await ask(proxy.url, '/neg/c');
    site.script('/seed', { body: 'seed' });
    await ask(proxy.url, '/seed');
    await filled('seed');
    const seed = store.bucket('bucket').objects.get('seed');
    if (seed === undefined) throw new Error('nothing was stored');
    store.bucket('bucket').objects.set('neg/c', seed);
    expect(await ask(proxy.url, '/neg/c')).toMatchObject({ status: 200, text: 'seed' });
  });
});

describe('a bucket', () => {
  test.each([
    ['throttles', 503, 'SlowDown'],
    ['fails', 500, 'InternalError'],
    ['forbids', 403, 'AccessDenied'],
  ])(
    'O3 that %s its reads is 503 with Retry-After, and no reason to ask an origin',
    async (how, status, code) => {
      site.script(`/read/${how}`, { body: 'from the origin' });
      refuse('GetObject', status, code);
      refuse('HeadObject', status, code);
      const answer = await ask(proxy.url, `/read/${how}`);
      expectError(answer, 503, 'SlowDown');
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      const head = await ask(proxy.url, `/read/${how}`, { method: 'HEAD' });
      expect(head.status).toBe(503);
      expect(site.requestsFor(`/read/${how}`)).toEqual([]);
    },
  );

  test('whose body breaks off breaks the client’s connection', async () => {
    site.script('/hit', { body: LARGE });
    await ask(proxy.url, '/hit');
    await filled('hit');
    store.fail({
      operation: 'GetObject',
      times: 99,
      action: { kind: 'cutBody', afterBytes: 150_000 },
    });
    const answer = await ask(proxy.url, '/hit');
    expect(answer).toMatchObject({ status: 200, cut: true });
  });

  test.each([
    ['small', 'PutObject', 'a small one'],
    ['streamed', 'PutObject', LARGE.toString()],
  ] as const)(
    'that takes nothing hurts no client of a %s object',
    async (what, operation, body) => {
      site.script(`/write/${what}`, { body });
      refuse(operation, 403, 'AccessDenied');
      const answer = await ask(proxy.url, `/write/${what}`);
      expect(answer).toMatchObject({ status: 200, text: body, cut: false });
      expect(await filled(`write/${what}`)).toMatchObject({ outcome: 'failed' });
      expect(bytesOf(`write/${what}`)).toBeUndefined();
    },
  );

  test('that somebody else put the object into meanwhile keeps that one', async () => {
    site.script('/seed2', { body: 'by somebody else' });
    await ask(proxy.url, '/seed2');
    await filled('seed2');
    gated.hold('/gated/put', { body: LARGE, sent: 100_000 });
    const first = ask(proxy.url, '/gated/put');
    await gated.asked('/gated/put');
    const seed = store.bucket('bucket').objects.get('seed2');
    if (seed === undefined) throw new Error('nothing was stored');
    store.bucket('bucket').objects.set('gated/put', seed);
    gated.release('/gated/put');
    expect((await first).body.equals(LARGE)).toBe(true);
    expect(await filled('gated/put')).toMatchObject({ outcome: 'exists' });
    expect(bytesOf('gated/put')).toBe('by somebody else');
    expect((await ask(proxy.url, '/gated/put')).text).toBe('by somebody else');
  });
});
