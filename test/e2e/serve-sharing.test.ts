import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, answerOf, begin } from '../support/ask.ts';
import { type GatedOrigin, gatedOrigin } from '../support/gated-origin.ts';
import { sha256 } from '../support/oracle.ts';
import { rawConnection } from '../support/raw-connection.ts';
import { serveHere, type ServeHere } from '../support/serve-here.ts';
import { type Workplace, workplace } from '../support/workplace.ts';

const BODY = Buffer.alloc(300_000, 'one fetch for all of them. ');
/** More than a paused client's connection takes in. */
const LARGE = Buffer.alloc(12 * 1024 * 1024, 'a body that is larger than what sockets hold. ');
const HEADERS = { etag: '"v1"' };

let origin: GatedOrigin;
let place: Workplace;
let proxy: ServeHere;

beforeAll(async () => {
  origin = await gatedOrigin();
  place = await workplace(`version: 1
allowPrivate: true
bucket: { url: "file:./bucket" }
defaults: { origins: { masters: ["${origin.url}/"] } }
rules:
  - id: variants
    match: { keyPrefix: any/ }
    request: { passQuery: true }
    store: { variants: any }
  - id: passed
    match: { keyPrefix: q/ }
    request: { passQuery: true }
  - { id: serveOnly, match: { keyPrefix: only/ }, store: { rangeMiss: serveOnly } }
  - { id: proxy, match: { keyPrefix: proxy/ }, action: proxy }
  - { id: waitFull, match: { keyPrefix: wait/ }, store: { rangeMiss: waitFull } }
  - { id: all }
`);
  proxy = await serveHere(place);
});
afterAll(async () => {
  await proxy.stop();
  await Promise.all([origin.close(), place.remove()]);
});

const filled = (key: string) =>
  proxy.event((event) => event.event === 'filled' && event.key === key);

describe('one fetch', () => {
  test('serves a hundred clients of a cold object, all the same bytes, and is stored once', async () => {
    origin.hold('/crowd', { body: BODY, headers: HEADERS, sent: 100_000 });
    const first = await begin(proxy.url, '/crowd').head;
    const others = Array.from({ length: 99 }, () => begin(proxy.url, '/crowd').head);
    const heads = [first, ...(await Promise.all(others))];
    origin.release('/crowd');
    const answers = await Promise.all(heads.map(answerOf));
    const digest = sha256(BODY);
    expect(new Set(answers.map(({ body }) => sha256(body)))).toEqual(new Set([digest]));
    expect(answers.filter(({ headers }) => headers['x-bucketfill'] === 'SHARED')).toHaveLength(99);
    expect(origin.requestsFor('/crowd')).toHaveLength(1);
    expect(await filled('crowd')).toMatchObject({ outcome: 'stored', bytes: BODY.length });
  });

  test('goes on when the client that caused it leaves, and is stored', async () => {
    origin.hold('/left', { body: BODY, headers: HEADERS, sent: 100_000 });
    const first = begin(proxy.url, '/left');
    await first.head;
    const second = await begin(proxy.url, '/left').head;
    first.leave();
    await proxy.event(({ key, cut }) => key === 'left' && cut === true);
    origin.release('/left');
    expect((await answerOf(second)).body.equals(BODY)).toBe(true);
    expect(await filled('left')).toMatchObject({ outcome: 'stored' });
  });

  test('goes on when nobody waits for it any more', async () => {
    origin.hold('/alone', { body: BODY, headers: HEADERS, sent: 100_000 });
    const only = begin(proxy.url, '/alone');
    await only.head;
    only.leave();
    await proxy.event(({ key, cut }) => key === 'alone' && cut === true);
    origin.release('/alone');
    expect(await filled('alone')).toMatchObject({ outcome: 'stored' });
    expect((await ask(proxy.url, '/alone')).headers['x-bucketfill']).toBe('HIT');
  });

  test('that is not to be stored ends when its last client left, and the next one begins anew', async () => {
    origin.hold('/q/a?x=1', { body: BODY, sent: 100_000 });
    const only = begin(proxy.url, '/q/a?x=1');
    await only.head;
    only.leave();
    expect(await filled('q/a')).toMatchObject({ outcome: 'failed', code: 'ORIGIN_UNREACHABLE' });
    origin.release('/q/a?x=1');
    const next = await ask(proxy.url, '/q/a?x=1');
    expect(next).toMatchObject({ status: 200, cut: false });
    expect(next.body.equals(BODY)).toBe(true);
  });

  test('is held up neither by a client that does not read, nor by one that reads later', async () => {
    origin.hold('/large', { body: LARGE, headers: HEADERS });
    const slow = await rawConnection(proxy.port);
    slow.socket.pause();
    slow.send('GET /large HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
    await origin.asked('/large');
    const quick = await ask(proxy.url, '/large');
    expect(sha256(quick.body)).toBe(sha256(LARGE));
    await filled('large');
    slow.socket.resume();
    await slow.ended();
    expect(slow.text().endsWith(LARGE.toString('latin1'))).toBe(true);
    expect(origin.requestsFor('/large')).toHaveLength(1);
  });

  test('is another one where another query is passed on', async () => {
    for (const query of ['a=1', 'a=2']) {
      origin.hold(`/any/k?${query}`, { body: `${BODY.toString()}${query}`, sent: 100_000 });
    }
    const heads = await Promise.all([
      begin(proxy.url, '/any/k?a=1').head,
      begin(proxy.url, '/any/k?a=2').head,
      begin(proxy.url, '/any/k?a=1').head,
    ]);
    origin.release('/any/k?a=1');
    origin.release('/any/k?a=2');
    const answers = await Promise.all(heads.map(answerOf));
    expect(answers.map(({ text }) => text.slice(-3))).toEqual(['a=1', 'a=2', 'a=1']);
    expect(origin.requestsFor('/any/k?a=1')).toHaveLength(1);
  });
});

describe('a range of a cold object', () => {
  const RANGE = { range: 'bytes=0-4' };
  const FAR = { range: `bytes=${LARGE.length - 10}-${LARGE.length - 1}` };
  const END = LARGE.subarray(-10).toString();

  test('is answered while the whole is fetched and stored', async () => {
    origin.hold('/r', { body: BODY, headers: HEADERS, sent: 100_000, ranges: true });
    expect(await ask(proxy.url, '/r', { headers: RANGE })).toMatchObject({ status: 206 });
    origin.release('/r');
    expect(await filled('r')).toMatchObject({ outcome: 'stored', bytes: BODY.length });
    expect(origin.requestsFor('/r').map(({ headers }) => headers.range)).toEqual([undefined]);
  });

  test('far ahead of the fetch is read at once, held to its version', async () => {
    origin.hold('/far', { body: LARGE, headers: HEADERS, sent: 100_000, ranges: true });
    const answer = await ask(proxy.url, '/far', { headers: FAR });
    expect(answer).toMatchObject({ status: 206, text: END, cut: false });
    expect(answer.headers).toMatchObject({ etag: '"v1"', 'content-length': '10' });
    expect(answer.headers['content-range']).toBe(`${FAR.range.replace('=', ' ')}/${LARGE.length}`);
    origin.release('/far');
    expect(await filled('far')).toMatchObject({ outcome: 'stored' });
    expect(origin.requestsFor('/far')).toHaveLength(2);
  });

  test('far ahead waits for the fetch where the origin ignores Range', async () => {
    origin.hold('/deaf', { body: LARGE, headers: HEADERS, sent: 100_000 });
    const answer = begin(proxy.url, '/deaf', { headers: FAR });
    await origin.asked('/deaf', 2);
    origin.release('/deaf');
    expect(await answerOf(await answer.head)).toMatchObject({ status: 206, text: END });
  });

  test('far ahead waits for the fetch where no strong ETag names the version', async () => {
    origin.hold('/weak', { body: LARGE, headers: { etag: 'W/"1"' }, sent: 100_000, ranges: true });
    const answer = begin(proxy.url, '/weak', { headers: FAR });
    await begin(proxy.url, '/weak').head;
    origin.release('/weak');
    expect(await answerOf(await answer.head)).toMatchObject({ status: 206, text: END });
    expect(origin.requestsFor('/weak')).toHaveLength(1);
  });

  test('by serveOnly is between client and origin, and nothing is stored', async () => {
    origin.hold('/only/a', { body: BODY, headers: HEADERS, ranges: true });
    const answer = await ask(proxy.url, '/only/a', { headers: RANGE });
    expect(answer).toMatchObject({ status: 206, text: 'one f' });
    expect(origin.requestsFor('/only/a').map(({ headers }) => headers.range)).toEqual([
      'bytes=0-4',
    ]);
    expect(
      proxy.events().filter(({ key, event }) => key === 'only/a' && event === 'filled'),
    ).toEqual([]);
  });

  test('by serveOnly of an origin that ignores Range is that range all the same', async () => {
    origin.hold('/only/b', { body: BODY, headers: HEADERS });
    const answer = await ask(proxy.url, '/only/b', { headers: RANGE });
    expect(answer).toMatchObject({ status: 206, text: 'one f', cut: false });
    expect(answer.headers['content-range']).toBe(`bytes 0-4/${BODY.length}`);
  });

  test('by serveOnly is held against the conditions of the request', async () => {
    origin.hold('/only/c', { body: BODY, headers: HEADERS, ranges: true });
    const known = { ...RANGE, 'if-none-match': '"v1"' };
    expect((await ask(proxy.url, '/only/c', { headers: known })).status).toBe(304);
    const other = { ...RANGE, 'if-match': '"v0"' };
    expect((await ask(proxy.url, '/only/c', { headers: other })).status).toBe(412);
  });

  test('goes along with a mere proxy only where it is one range', async () => {
    origin.hold('/proxy/d', { body: BODY, headers: HEADERS, ranges: true });
    const several = { range: 'bytes=0-1,4-5' };
    expect((await ask(proxy.url, '/proxy/d', { headers: several })).status).toBe(200);
    expect(origin.requestsFor('/proxy/d').map(({ headers }) => headers.range)).toEqual([undefined]);
  });

  test('by waitFull comes when the whole is there, also of a length that nobody declared', async () => {
    origin.hold('/wait/a', { body: BODY, headers: HEADERS, sent: 100_000, chunked: true });
    const answer = begin(proxy.url, '/wait/a', { headers: { range: 'bytes=-5' } });
    await origin.asked('/wait/a');
    origin.release('/wait/a');
    const { status, text, headers } = await answerOf(await answer.head);
    expect({ status, text }).toEqual({ status: 206, text: BODY.subarray(-5).toString() });
    expect(headers['content-range']).toBe(`bytes 299995-299999/300000`);
  });
});
