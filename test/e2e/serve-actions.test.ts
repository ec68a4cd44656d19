import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask } from '../support/ask.ts';
import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';
import type { Operation } from '../support/s3-double-request.ts';
import { type S3Double, startS3Double } from '../support/s3-double.ts';
import { serveHere, type ServeHere } from '../support/serve-here.ts';
import { servedRules, STORE_ENV } from '../support/store-rules.ts';
import { type Workplace, workplace } from '../support/workplace.ts';

let site: FaultOrigin;
let other: FaultOrigin;
let store: S3Double;
let place: Workplace;
let proxy: ServeHere;

beforeAll(async () => {
  [site, other, store] = await Promise.all([faultOrigin(), faultOrigin(), startS3Double()]);
  const rules = `  - id: fetching
    match: { keyPrefix: fetching/ }
    action: redirectAndFetch
  - id: hidden
    match: { keyPrefix: hidden/, statuses: any }
    action: redirect
    key: { fixed: special.html }
  - id: moved
    match: { keyPrefix: moved/ }
    action: redirect
    redirect: { status: 307, passQuery: true }
  - id: broken
    match: { keyPrefix: trouble/, statuses: [404, 500] }
    action: redirect
    key: { fixed: sorry.html }
  - { id: through, match: { keyPrefix: through/ }, action: proxy }
  - id: renamed
    match: { keyPrefix: rn/ }
    action: rewrite
    key: { replacePrefix: real/ }
  - { id: none, match: { keyPrefix: "off/" }, action: "off" }
  - { id: sent, match: { keyPrefix: sent/ }, afterMiss: redirect }
  - id: first
    match: { keyPrefix: next/ }
    afterMiss: nextRule
    protect: { negativeTtl: 1h }
  - id: second
    match: { keyPrefix: next/ }
    origins: { masters: ["${other.url}/"] }
  - { id: all, match: { keyPrefix: all/ } }
`;
  place = await workplace(servedRules(store, `${site.url}/`, rules));
  proxy = await serveHere(place, { env: STORE_ENV });
});
afterAll(async () => {
  await proxy.stop();
  await Promise.all([site.close(), other.close(), store.close(), place.remove()]);
});

const objects = () => store.bucket('bucket').objects;
const filled = (key: string) =>
  proxy.event((event) => event.event === 'filled' && event.key === key);

let puts = 0;

/** Puts an object into the bucket, as somebody else would. */
async function put(key: string, body: string): Promise<void> {
  puts += 1;
  const seed = `all/seed-${puts}`;
  site.script(`/${seed}`, { body });
  await ask(proxy.url, `/${seed}`);
  await filled(seed);
  const object = objects().get(seed);
  if (object === undefined) throw new Error('nothing was stored');
  objects().set(key, object);
}

describe('redirectAndFetch', () => {
  test('Q8 B13 sends the client to the origin by 302, and stores the object', async () => {
    site.script('/fetching/a', { body: 'hello' });
    const answer = await ask(proxy.url, '/fetching/a');
    expect(answer.status).toBe(302);
    expect(answer.headers).toMatchObject({
      location: `${site.url}/fetching/a`,
      'x-bucketfill': 'REDIRECT',
    });
    expect(await filled('fetching/a')).toMatchObject({ outcome: 'stored' });
    expect(await ask(proxy.url, '/fetching/a')).toMatchObject({ status: 200, text: 'hello' });
  });

  test('of HEAD redirects, and asks the origin nothing', async () => {
    const answer = await ask(proxy.url, '/fetching/head', { method: 'HEAD' });
    expect(answer.status).toBe(302);
    expect(answer.headers['location']).toBe(`${site.url}/fetching/head`);
    // A fetch that was begun would come before this one.
    site.script('/fetching/later', { body: 'later' });
    await ask(proxy.url, '/fetching/later');
    await filled('fetching/later');
    expect(site.requestsFor('/fetching/head')).toEqual([]);
  });
});

describe('redirect', () => {
  test('O17 sends on a miss, with the rule’s status and query, and stores nothing', async () => {
    const answer = await ask(proxy.url, '/moved/a%20b?x=1');
    expect(answer.status).toBe(307);
    expect(answer.headers['location']).toBe(`${site.url}/moved/a%20b?x=1`);
    expect(site.requestsFor('/moved/a%20b?x=1')).toEqual([]);
  });

  test('O17 by prefix alone sends also where the object exists, and asks nobody', async () => {
    await put('hidden/a', 'a secret');
    const asked = store.requests.length;
    const answer = await ask(proxy.url, '/hidden/a');
    expect(answer).toMatchObject({ status: 302, text: '' });
    expect(answer.headers['location']).toBe(`${site.url}/special.html`);
    expect(store.requests).toHaveLength(asked);
  });

  test('O17 sends to a page on the bucket’s 404 and on its 500', async () => {
    const location = `${site.url}/sorry.html`;
    expect((await ask(proxy.url, '/trouble/a')).headers['location']).toBe(location);
    refuse('GetObject', 500, 'InternalError', 'trouble/b');
    expect((await ask(proxy.url, '/trouble/b')).headers['location']).toBe(location);
    store.healed();
  });

  test('where the bucket answers something else is not taken', async () => {
    refuse('GetObject', 503, 'SlowDown', 'trouble/c');
    expect((await ask(proxy.url, '/trouble/c')).status).toBe(503);
    store.healed();
  });

  test('of a key that makes no URL is MirrorFailed, and no trouble of the bucket', async () => {
    const answer = await ask(proxy.url, '/moved/../../a');
    expect(answer.status).toBe(424);
    expect(answer.text).toContain('<Code>MirrorFailed</Code>');
  });
});

function refuse(operation: Operation, status: number, code: string, key: string): void {
  store.fail({ operation, key, times: 9999, action: { kind: 'refuse', status, code } });
}

describe('proxy, rewrite and off', () => {
  test('proxy hands the object on each time, and stores nothing', async () => {
    site.script('/through/a', { body: 'hello', headers: { ETag: '"1"' } });
    for (const times of [1, 2]) {
      const answer = await ask(proxy.url, '/through/a');
      expect(answer).toMatchObject({ status: 200, text: 'hello' });
      expect(answer.headers).toMatchObject({ 'x-bucketfill': 'PROXY', etag: '"1"' });
      expect(site.requestsFor('/through/a')).toHaveLength(times);
    }
    expect(objects().has('through/a')).toBe(false);
  });

  test('rewrite answers another key of the bucket, once, and asks no origin', async () => {
    await put('real/a', 'the real one');
    expect(await ask(proxy.url, '/rn/a')).toMatchObject({ status: 200, text: 'the real one' });
    const none = await ask(proxy.url, '/rn/none');
    expect(none.text).toContain('<Code>NoSuchKey</Code>');
    expect(site.requests.filter(({ path }) => /real|rn/.test(path))).toEqual([]);
  });

  test('rewrite to a key that the bucket can not hold is 404', async () => {
    expect((await ask(proxy.url, `/rn/${'k'.repeat(1021)}`)).status).toBe(404);
  });

  test('B11 off, or no rule at all, is the bucket’s own answer, and asks no origin', async () => {
    await put('off/there', 'there');
    expect(await ask(proxy.url, '/off/there')).toMatchObject({ status: 200, text: 'there' });
    for (const path of ['/off/none', '/without-a-rule']) {
      const answer = await ask(proxy.url, path);
      expect(answer.status).toBe(404);
      expect(answer.text).toContain('<Code>NoSuchKey</Code>');
      expect(site.requestsFor(path)).toEqual([]);
    }
  });
});

describe('afterMiss', () => {
  test('redirect sends to the origin what every origin said 404 for', async () => {
    const answer = await ask(proxy.url, '/sent/a');
    expect(answer.status).toBe(302);
    expect(answer.headers['location']).toBe(`${site.url}/sent/a`);
  });

  test('nextRule asks the next one, also while the first one’s 404 is remembered', async () => {
    other.script('/next/a', [{ status: 503 }, { body: 'from the second' }]);
    const first = await ask(proxy.url, '/next/a');
    expect(first.status).toBe(424);
    const next = await ask(proxy.url, '/next/a');
    expect(next).toMatchObject({ status: 200, text: 'from the second' });
    expect(site.requestsFor('/next/a')).toHaveLength(1);
    expect(await filled('next/a')).toBeDefined();
  });

  test('O12 B9 none, or no rule left, is 404 NoSuchKey', async () => {
    for (const path of ['/all/nowhere', '/next/nowhere']) {
      const answer = await ask(proxy.url, path);
      expect(answer.status).toBe(404);
      expect(answer.text).toContain('<Code>NoSuchKey</Code>');
      expect(answer.headers).toMatchObject({ 'cache-control': 'no-store' });
    }
  });
});
