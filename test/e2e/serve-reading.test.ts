import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, ask, answerOf, begin } from '../support/ask.ts';
import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';
import { type GatedOrigin, gatedOrigin } from '../support/gated-origin.ts';
import { serveHere, type ServeHere } from '../support/serve-here.ts';
import { type Workplace, workplace } from '../support/workplace.ts';

/** Too large to be taken as one buffer, so that it reaches clients while it comes. */
const BODY = '0123456789'.repeat(7000);
const MODIFIED = 'Tue, 03 Nov 2026 10:00:00 GMT';
const LATER = 'Wed, 04 Nov 2026 10:00:00 GMT';
const HEADERS = { ETag: '"v1"', 'Last-Modified': MODIFIED, 'Content-Type': 'text/plain' };

let site: FaultOrigin;
let gated: GatedOrigin;
let place: Workplace;
let proxy: ServeHere;
let keys = 0;

beforeAll(async () => {
  [site, gated] = await Promise.all([faultOrigin(), gatedOrigin()]);
  place = await workplace(rules());
  proxy = await serveHere(place);
});
afterAll(async () => {
  await proxy.stop();
  await Promise.all([site.close(), gated.close(), place.remove()]);
});

const rules = (): string => `version: 1
allowPrivate: true
bucket: { url: "file:./bucket" }
rules:
  - { id: gated, match: { keyPrefix: gated/ }, origins: { masters: ["${gated.url}/"] } }
  - { id: all, origins: { masters: ["${site.url}/"] } }
`;

const stored = (key: string) =>
  proxy.event(
    (event) => event.event === 'filled' && event.key === key && event.outcome === 'stored',
  );

/** Three ways to come to an object: nobody has it yet, its fetch is under way, the bucket has it. */
const STATES = ['on a miss', 'while a fetch is under way', 'on a hit'] as const;

/** Asks for an object in one of the states; its mark says that it was in that state. */
async function askIn(
  state: (typeof STATES)[number],
  headers: Readonly<Record<string, string>>,
): Promise<Answer> {
  keys += 1;
  const key = `gated/${String(keys)}`;
  // All but the last byte, so that every answer can begin.
  gated.hold(`/${key}`, { body: BODY, headers: HEADERS, sent: BODY.length - 1 });
  if (state === 'while a fetch is under way') {
    const first = await begin(proxy.url, `/${key}`).head;
    const second = await begin(proxy.url, `/${key}`, { headers }).head;
    gated.release(`/${key}`);
    expect(await answerOf(first)).toMatchObject({ status: 200, text: BODY, cut: false });
    return answerOf(second);
  }
  gated.release(`/${key}`);
  if (state === 'on a hit') {
    await ask(proxy.url, `/${key}`);
    await stored(key);
  }
  return ask(proxy.url, `/${key}`, { headers });
}

const MARKS = {
  'on a miss': 'MISS',
  'while a fetch is under way': 'SHARED',
  'on a hit': 'HIT',
} as const;

describe('a read', () => {
  test('Q7 H36 O3 B5 B12 of what the bucket lacks is fetched by its key, answered and stored', async () => {
    site.script('/dir/a.txt', { body: BODY, headers: HEADERS });
    const miss = await ask(proxy.url, '/dir/a.txt');
    expect(miss).toMatchObject({ status: 200, text: BODY, cut: false });
    expect(miss.headers).toMatchObject({ 'x-bucketfill': 'MISS', 'content-length': '70000' });
    await stored('dir/a.txt');
    expect(await readFile(path.join(place.bucket, 'dir/a.txt'), 'utf8')).toBe(BODY);
  });

  test('Q9 of what was stored asks no origin', async () => {
    site.script('/b', { body: BODY, headers: HEADERS });
    await ask(proxy.url, '/b');
    await stored('b');
    const hit = await ask(proxy.url, '/b');
    expect(site.requestsFor('/b')).toHaveLength(1);
    expect(hit).toMatchObject({ status: 200, text: BODY });
    expect(hit.headers).toMatchObject({ 'x-bucketfill': 'HIT', 'content-length': '70000' });
  });

  test.each(STATES)('has the same headers %s', async (state) => {
    const { headers } = await askIn(state, {});
    expect(headers).toMatchObject({
      etag: '"v1"',
      'last-modified': MODIFIED,
      'content-type': 'text/plain',
      'content-length': '70000',
      'accept-ranges': 'bytes',
      'x-bucketfill': MARKS[state],
    });
  });

  test('of an empty object is an empty object, the first time and later', async () => {
    site.script('/empty', { body: '', headers: HEADERS });
    for (const mark of ['MISS', 'HIT']) {
      const answer = await ask(proxy.url, '/empty');
      expect(answer).toMatchObject({ status: 200, text: '', cut: false });
      expect(answer.headers).toMatchObject({ 'x-bucketfill': mark, 'content-length': '0' });
      await stored('empty');
    }
  });

  test('gives an encoded body as it was stored, with its encoding', async () => {
    const body = Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]);
    site.script('/z', { body, headers: { ...HEADERS, 'Content-Encoding': 'gzip' } });
    for (const mark of ['MISS', 'HIT']) {
      const answer = await ask(proxy.url, '/z', { headers: { 'accept-encoding': 'identity' } });
      expect(answer.body).toEqual(body);
      expect(answer.headers).toMatchObject({ 'content-encoding': 'gzip', 'x-bucketfill': mark });
      await stored('z');
    }
  });

  test('hands on neither what belongs to the connection, nor interim answers, nor cookies', async () => {
    site.script('/h', {
      body: BODY,
      interim: ['103 Early Hints'],
      headers: {
        ...HEADERS,
        'Set-Cookie': 'a=b',
        'Keep-Alive': 'timeout=9',
        Connection: 'x-hop',
        'X-Hop': '1',
        Trailer: 'x',
      },
    });
    for (const mark of ['MISS', 'HIT']) {
      const { headers } = await ask(proxy.url, '/h');
      expect(headers['x-bucketfill']).toBe(mark);
      for (const name of ['set-cookie', 'x-hop', 'trailer', 'keep-alive']) {
        expect(headers[name]).toBeUndefined();
      }
      await stored('h');
    }
  });
});

describe.each(STATES)('a range %s', (state) => {
  test.each([
    ['bytes=2-4', '234', 'bytes 2-4/70000'],
    ['bytes=-3', '789', 'bytes 69997-69999/70000'],
    ['bytes=69994-', '456789', 'bytes 69994-69999/70000'],
    ['bytes=0-999999', BODY, 'bytes 0-69999/70000'],
  ])('%s is just that part', async (range, part, told) => {
    const answer = await askIn(state, { range });
    expect(answer).toMatchObject({ status: 206, text: part, cut: false });
    expect(answer.headers).toMatchObject({
      'content-range': told,
      'content-length': String(part.length),
      etag: '"v1"',
      'x-bucketfill': MARKS[state],
    });
  });

  test('behind the end is 416 with the size', async () => {
    const answer = await askIn(state, { range: 'bytes=70000-' });
    expect(answer.status).toBe(416);
    expect(answer.headers).toMatchObject({
      'content-range': 'bytes */70000',
      'cache-control': 'no-store',
    });
    expect(answer.text).toContain('<Code>InvalidRange</Code>');
  });

  test('of several parts is answered by the whole', async () => {
    expect(await askIn(state, { range: 'bytes=0-1,4-5' })).toMatchObject({
      status: 200,
      text: BODY,
    });
  });
});

describe.each(STATES)('a condition %s', (state) => {
  test.each([
    ['If-None-Match that has it', { 'if-none-match': 'W/"v1"' }, 304, ''],
    ['If-None-Match of another version', { 'if-none-match': '"v0"' }, 200, BODY],
    ['If-Match of another version', { 'if-match': '"v0"' }, 412, undefined],
    ['If-Match that has it', { 'if-match': '"v1"' }, 200, BODY],
    ['If-Modified-Since that is late', { 'if-modified-since': LATER }, 304, ''],
    ['If-Range of the version', { 'if-range': '"v1"', range: 'bytes=0-1' }, 206, '01'],
    ['If-Range of another version', { 'if-range': '"v0"', range: 'bytes=0-1' }, 200, BODY],
  ])('%s is held against what the client was told', async (_what, headers, status, text) => {
    const answer = await askIn(state, headers);
    expect(answer.status).toBe(status);
    if (text !== undefined) expect(answer.text).toBe(text);
    if (status === 304) expect(answer.headers['etag']).toBe('"v1"');
  });
});

describe('HEAD', () => {
  const HEAD = { method: 'HEAD' };

  test('of what the bucket lacks is answered by the origin, and nothing is stored', async () => {
    site.script('/head', { body: BODY, headers: HEADERS });
    const answer = await ask(proxy.url, '/head', HEAD);
    expect(answer).toMatchObject({ status: 200, text: '' });
    expect(answer.headers).toMatchObject({ 'content-length': '70000', etag: '"v1"' });
    expect(site.requestsFor('/head').map(({ method }) => method)).toEqual(['HEAD']);
    expect(proxy.events().filter(({ key }) => key === 'head')).toHaveLength(1);
  });

  test('while a fetch is under way is answered from it', async () => {
    gated.hold('/gated/head', { body: BODY, headers: HEADERS, sent: 5 });
    const first = await begin(proxy.url, '/gated/head').head;
    const answer = await ask(proxy.url, '/gated/head', HEAD);
    expect(answer.headers).toMatchObject({ 'content-length': '70000', 'x-bucketfill': 'SHARED' });
    gated.release('/gated/head');
    await answerOf(first);
    expect(gated.requestsFor('/gated/head').map(({ method }) => method)).toEqual(['GET']);
  });

  test('of what the bucket has tells what GET would', async () => {
    site.script('/both', { body: BODY, headers: HEADERS });
    await ask(proxy.url, '/both');
    await stored('both');
    const [head, get] = [await ask(proxy.url, '/both', HEAD), await ask(proxy.url, '/both')];
    expect({ ...head.headers, date: '' }).toEqual({ ...get.headers, date: '' });
    expect(head.text).toBe('');
  });

  test('of what nobody has is 404 without a body', async () => {
    expect(await ask(proxy.url, '/none', HEAD)).toMatchObject({ status: 404, text: '' });
  });
});
