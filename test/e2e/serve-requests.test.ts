import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, answerOf, ask, begin } from '../support/ask.ts';
import { type GatedOrigin, gatedOrigin } from '../support/gated-origin.ts';
import { rawConnection } from '../support/raw-connection.ts';
import { serveHere, type ServeHere } from '../support/serve-here.ts';
import { type Workplace, workplace } from '../support/workplace.ts';

const LARGE = Buffer.alloc(12 * 1024 * 1024, 'a body that is larger than what sockets hold. ');

let origin: GatedOrigin;
let place: Workplace;
let proxy: ServeHere;

beforeAll(async () => {
  origin = await gatedOrigin();
  place = await workplace(`version: 1
allowPrivate: true
bucket: { url: "file:./bucket" }
rules:
  - id: open
    match: { keyPrefix: cors/ }
    origins: { masters: ["${origin.url}/"] }
    response: { setHeaders: { access-control-allow-origin: "https://page.example" } }
  - id: all
    origins: { masters: ["${origin.url}/"] }
`);
  proxy = await serveHere(place);
  for (const key of ['a', 'b']) origin.hold(`/${key}`, { body: `the object ${key}` });
});
afterAll(async () => {
  await proxy.stop();
  await Promise.all([origin.close(), place.remove()]);
});

/** What comes back for bytes that end the conversation. */
async function sent(text: string): Promise<string> {
  const client = await rawConnection(proxy.port);
  client.send(text);
  await client.until('\r\n\r\n');
  client.socket.end();
  await client.ended();
  return client.text();
}

const statuses = (text: string): readonly string[] => text.match(/HTTP\/1\.1 \d{3}/g) ?? [];

describe('a request that two readers could read as two', () => {
  const smuggled = 'GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n';
  test.each([
    ['Content-Length beside Transfer-Encoding', 'content-length: 4\r\ntransfer-encoding: chunked'],
    ['two Content-Lengths', 'content-length: 4\r\ncontent-length: 5'],
    ['a list of Content-Lengths', 'content-length: 4, 4'],
    ['a signed Content-Length', 'content-length: +4'],
    ['a Transfer-Encoding that is not chunked at its end', 'transfer-encoding: chunked, identity'],
    ['a folded header', 'x: 1\r\n content-length: 4'],
    ['a space before a colon', 'content-length : 4'],
  ])('by %s is 400, and what stands behind it is no request', async (_what, lines) => {
    const text = await sent(`GET /a HTTP/1.1\r\nhost: x\r\n${lines}\r\n\r\n${smuggled}`);
    expect(statuses(text)[0]).toBe('HTTP/1.1 400');
    expect(origin.requestsFor('/smuggled')).toEqual([]);
  });

  test('a body that a GET brings is no next request', async () => {
    const text = await sent(
      `GET /a HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${smuggled.length}\r\n\r\n${smuggled}`,
    );
    expect(statuses(text)).toEqual(['HTTP/1.1 200']);
    expect(origin.requestsFor('/smuggled')).toEqual([]);
  });
});

describe('an absurd request', () => {
  test.each([
    ['no HTTP at all', 'hello\r\n\r\n', '400'],
    [
      'headers without end',
      `GET /a HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(70_000)}\r\n\r\n`,
      '431',
    ],
    ['no host', 'GET /a HTTP/1.1\r\n\r\n', '400'],
    ['two hosts', 'GET /a HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n', '400'],
    ['a target with a space', 'GET /a b HTTP/1.1\r\nhost: x\r\n\r\n', '400'],
    ['a broken escape', 'GET /%zz HTTP/1.1\r\nhost: x\r\n\r\n', '400'],
    ['a key over 1,024 bytes', `GET /${'k'.repeat(1025)} HTTP/1.1\r\nhost: x\r\n\r\n`, '400'],
    [
      'a key with a line break for its origin',
      'GET /a%0d%0ax:1 HTTP/1.1\r\nhost: x\r\n\r\n',
      '404',
    ],
  ])('of %s is told', async (_what, text, status) => {
    expect(statuses(await sent(text))).toEqual([`HTTP/1.1 ${status}`]);
  });

  test('behind an answer under way breaks the connection, and writes nothing into the answer', async () => {
    origin.hold('/long', { body: LARGE, sent: 100_000 });
    const client = await rawConnection(proxy.port);
    client.send('GET /long HTTP/1.1\r\nhost: x\r\n\r\n');
    await client.until('a body that');
    client.send('garbage\r\n\r\n');
    await client.ended();
    origin.release('/long');
    expect(statuses(client.text())).toEqual(['HTTP/1.1 200']);
  });
});

describe('a connection', () => {
  test('is kept for further requests, also behind an error and behind a body that nobody wants', async () => {
    const client = await rawConnection(proxy.port);
    client.send('GET /a HTTP/1.1\r\nhost: x\r\n\r\n');
    await client.until('the object a');
    client.send('GET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n');
    await client.until('</Error>');
    client.send('PUT /a HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello');
    await client.until('MethodNotAllowed');
    client.send('GET /b HTTP/1.1\r\nhost: x\r\n\r\n');
    await client.until('the object b');
    expect(statuses(client.text()).map((line) => line.slice(-3))).toEqual([
      '200',
      '404',
      '405',
      '200',
    ]);
    client.socket.destroy();
  });

  test('that pipelines gets its answers in its order', async () => {
    origin.hold('/late', { body: 'late but first', sent: -1 });
    const client = await rawConnection(proxy.port);
    const requests = ['late', 'a', 'b'].map((key) => `GET /${key} HTTP/1.1\r\nhost: x\r\n\r\n`);
    client.send(requests.join(''));
    await origin.asked('/late');
    origin.release('/late');
    const text = await client.until('the object b');
    const places = ['late but first', 'the object a', 'the object b'].map((t) => text.indexOf(t));
    expect(places.includes(-1)).toBe(false);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    client.socket.destroy();
  });

  test('of HTTP/1.0 gets its answer without chunks, and its end', async () => {
    origin.hold('/chunks', { body: LARGE.subarray(0, 100_000), chunked: true });
    const client = await rawConnection(proxy.port);
    client.send('GET /chunks HTTP/1.0\r\n\r\n');
    expect(await client.ended()).toBe('end');
    const [head = '', body] = client.text().split('\r\n\r\n');
    expect(head.toLowerCase()).not.toContain('transfer-encoding');
    expect(body).toBe(LARGE.subarray(0, 100_000).toString('latin1'));
  });

  test('that leaves while pipelined answers wait for their turn leaves nothing behind', async () => {
    origin.hold('/never', { body: 'never', sent: -1 });
    origin.hold('/big', { body: LARGE });
    await ask(proxy.url, '/big');
    const client = await rawConnection(proxy.port);
    client.send('GET /never HTTP/1.1\r\nhost: x\r\n\r\nGET /big HTTP/1.1\r\nhost: x\r\n\r\n');
    await origin.asked('/never');
    // The second answer waits behind the first one.
    client.socket.destroy();
    const left = (key: string) => proxy.event((event) => event.key === key && event.cut === true);
    expect(await left('never')).toMatchObject({ event: 'served', status: 0 });
    expect(await left('big')).toMatchObject({ event: 'served' });
    origin.release('/never');
  });
});

describe('Expect: 100-continue', () => {
  test('of a body that nobody wants is answered at once, and the body is not asked for', async () => {
    const client = await rawConnection(proxy.port);
    client.send('PUT /a HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n');
    expect(await client.ended()).toBe('end');
    expect(statuses(client.text())).toEqual(['HTTP/1.1 405']);
    expect(client.text().toLowerCase()).toContain('connection: close');
  });
});

describe('what is no read of an object', () => {
  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'TRACE'])('%s is 405', async (method) => {
    const answer = await ask(proxy.url, '/a', { method });
    expect(answer.status).toBe(405);
    expect(answer.headers['allow']).toBe('GET, HEAD, OPTIONS');
  });

  test.each(['/', '/?list-type=2', '/a?uploads', '/a?%61cl', '/a?tagging='])(
    'GET %s is 501',
    async (path) => {
      const answer = await ask(proxy.url, path);
      expect(answer.status).toBe(501);
      expect(answer.text).toContain('<Code>NotImplemented</Code>');
      expect(answer.headers['cache-control']).toBe('no-store');
    },
  );

  const preflight = (path: string, page: string): Promise<Answer> =>
    ask(proxy.url, path, {
      method: 'OPTIONS',
      headers: { origin: page, 'access-control-request-method': 'GET' },
    });

  test('a preflight is allowed where a rule allows the page', async () => {
    const allowed = await preflight('/cors/a', 'https://page.example');
    expect(allowed.status).toBe(204);
    expect(allowed.headers['access-control-allow-origin']).toBe('https://page.example');
    expect((await preflight('/cors/a', 'https://other.example')).status).toBe(403);
    expect((await preflight('/a', 'https://page.example')).status).toBe(403);
  });
});

describe('a loop', () => {
  test('is refused by the proxy whose own mark a request bears, and asks nobody', async () => {
    origin.hold('/mark', { body: 'x' });
    await ask(proxy.url, '/mark');
    const [mark = ''] = origin
      .requestsFor('/mark')
      .map(({ headers }) => headers['x-bucketfill-via']);
    const answer = await ask(proxy.url, '/looped', { headers: { 'x-bucketfill-via': mark } });
    expect(answer.status).toBe(508);
    expect(answer.text).toContain('<Code>LOOP_DETECTED</Code>');
    expect(origin.requestsFor('/looped')).toEqual([]);
  });

  test('of two proxies in a ring ends', async () => {
    const [ring, second] = await Promise.all([workplace(''), workplace('')]);
    const rules = (master: string): string =>
      `version: 1
allowPrivate: true
bucket: { url: "file:./bucket" }
rules: [{ id: all, origins: { masters: ["${master}/"] } }]
`;
    // The first one's own origin is only known when the second one listens.
    const relay = await gatedOrigin();
    await second.writeRules(rules(relay.url));
    const b = await serveHere(second);
    await ring.writeRules(rules(b.url));
    const a = await serveHere(ring);
    relay.hold('/k', { body: 'x', sent: -1 });
    const asking = begin(a.url, '/k');
    await relay.asked('/k');
    const [via] = relay.requestsFor('/k').map(({ headers }) => headers['x-bucketfill-via']);
    expect(String(via).split(', ')).toHaveLength(2);
    const back = await ask(a.url, '/k', { headers: { 'x-bucketfill-via': String(via) } });
    expect(back.status).toBe(508);
    relay.release('/k');
    expect(await answerOf(await asking.head)).toMatchObject({ status: 200, text: 'x' });
    await Promise.all([a.stop(), b.stop(), relay.close()]);
    await Promise.all([ring.remove(), second.remove()]);
  });
});
