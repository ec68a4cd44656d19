import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';
import { request, testClient, type TestClient } from '../support/fault-origin-client.ts';

let origin: FaultOrigin;
let client: TestClient;
const never = new AbortController().signal;

beforeEach(async () => {
  origin = await faultOrigin();
  client = testClient();
});

afterEach(async () => {
  await client.close();
  await origin.close();
});

const readAll = (path: string, headers = {}): Promise<string> =>
  client.exchange(
    request(origin.url + path, headers),
    async (response) => Buffer.from(await response.bytes(1_000_000)).toString(),
    never,
  );

describe('connections', () => {
  it('are kept and used again', async () => {
    origin.script('/o', { body: 'x' });
    for (let turn = 0; turn < 5; turn++) await readAll('/o');
    expect(origin.requests.length).toBe(5);
    expect(origin.connections()).toBe(1);
  });

  it('of one signal are as many as set, without a warning', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): number => warnings.push(warning);
    process.on('warning', note);
    client = testClient({ connections: 20 });
    origin.script('/o', { body: 'x', delayMs: 10 });
    const { signal } = new AbortController();
    const reads = Array.from({ length: 20 }, () =>
      client.exchange(request(`${origin.url}/o`), (response) => response.bytes(9), signal),
    );
    await Promise.all(reads);
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });

  it('are at most as many as set, and every request gets its turn', async () => {
    client = testClient({ connections: 3 });
    origin.script('/o', { body: 'x', delayMs: 2 });
    const bodies = await Promise.all(Array.from({ length: 30 }, () => readAll('/o')));
    expect(bodies).toEqual(Array(30).fill('x'));
    expect(origin.connections()).toBe(3);
  });

  it.each([
    ['unread and short', { body: 'x'.repeat(9_000), drip: { bytes: 4_500, everyMs: 20 } }, 1],
    ['unread, short and chunked', { body: 'x'.repeat(9_000), framing: 'chunked' }, 1],
    ['unread and long', { body: 'x'.repeat(900_000) }, 2],
    ['unread and without an end', { body: 'x', framing: 'close' }, 2],
  ] as const)('after a body %s are as few as that allows', async (_, answer, connections) => {
    origin.script('/o', answer);
    client = testClient({ connections: 1 });
    await client.exchange(request(`${origin.url}/o`), () => Promise.resolve(), never);
    origin.script('/next', { body: 'y' });
    expect(await readAll('/next')).toBe('y');
    expect(origin.connections()).toBe(connections);
  });

  it('that died while they were kept cost one silent second sending', async () => {
    origin.script('/o', [
      { body: 'a' },
      { cutHead: { afterBytes: 0, how: 'reset' } },
      { body: 'b' },
    ]);
    expect(await readAll('/o')).toBe('a');
    expect(await readAll('/o')).toBe('b');
    expect(origin.requests.map(({ connection }) => connection)).toEqual([0, 0, 1]);
  });

  it('that the server closed between requests are replaced', async () => {
    origin.script('/o', { body: 'a' });
    await readAll('/o');
    origin.dropConnections();
    expect(await readAll('/o')).toBe('a');
  });

  it('that die on their first request are a failure', async () => {
    origin.script('/o', { cutHead: { afterBytes: 0, how: 'end' } });
    await expect(readAll('/o')).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE' });
    expect(origin.requests.length).toBe(1);
  });

  it('that die again on the second sending are a failure', async () => {
    origin.script('/o', [{ body: 'a' }, { cutHead: { afterBytes: 0, how: 'end' } }]);
    await readAll('/o');
    await expect(readAll('/o')).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE' });
    expect(origin.requests.length).toBe(3);
  });

  it('that die under a PUT do not send it twice', async () => {
    origin.script('/o', [{ body: 'a' }, { cutHead: { afterBytes: 0, how: 'end' } }]);
    await readAll('/o');
    const sending = client.exchange(
      { ...request(`${origin.url}/o`), method: 'PUT', body: Buffer.from('bytes') },
      () => Promise.resolve(),
      never,
    );
    origin.script('/o', { cutHead: { afterBytes: 0, how: 'end' } });
    await expect(sending).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE' });
    expect(origin.requests.length).toBe(2);
  });

  it('that nobody accepts are told as such', async () => {
    await origin.close();
    const { url, port } = origin;
    origin = await faultOrigin();
    await expect(
      client.exchange(request(`${url}/o`), () => Promise.resolve(), never),
    ).rejects.toMatchObject({
      code: 'ORIGIN_UNREACHABLE',
      message: `${url}: the connection was refused: nothing listens there (connect ECONNREFUSED 127.0.0.1:${String(port)})`,
    });
  });

  it('to a name that does not resolve are told as such', async () => {
    client = testClient({
      resolve: (hostname, done) => {
        done(
          Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' }),
          [],
        );
      },
    });
    await expect(
      client.exchange(request('http://a.example/'), () => Promise.resolve(), never),
    ).rejects.toThrow(/^http:\/\/a\.example: the name does not resolve/);
  });

  it('closed with the client fail what waits for them', async () => {
    client = testClient({ connections: 1 });
    origin.script('/o', { cutHead: { afterBytes: 0, how: 'stall' } });
    const asking = [readAll('/o'), readAll('/o')].map((one) => one.catch(() => 'failed'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await client.close();
    expect(await Promise.all(asking)).toEqual(['failed', 'failed']);
  });
});

describe('a request', () => {
  it('goes out byte for byte, with our own User-Agent and Host', async () => {
    const path = '/a//b/%2F/%252F/../x%20y?q=%41&r=a+b';
    origin.script(path, { body: 'x' });
    await readAll(path, { 'x-set': 'v' });
    expect(origin.requests[0]).toMatchObject({
      path,
      headers: {
        'x-set': 'v',
        host: `127.0.0.1:${String(origin.port)}`,
        'user-agent': 'bucketfill/0.0.0',
        'accept-encoding': 'identity',
      },
    });
  });

  it('takes another User-Agent and Host, and drops what is about the connection', async () => {
    origin.script('/o', { body: 'x' });
    const headers = {
      'user-agent': 'mine/1',
      connection: 'close',
      'transfer-encoding': 'chunked',
      host: 'no',
    };
    await client.exchange(
      { ...request(`${origin.url}/o`, headers), hostHeader: 'www.example.com' },
      (response) => response.bytes(9),
      never,
    );
    const sent = origin.requests[0]?.headers;
    expect(sent).toMatchObject({
      'user-agent': 'mine/1',
      host: 'www.example.com',
      connection: 'keep-alive',
    });
    expect(sent).not.toHaveProperty('transfer-encoding');
  });

  it.each(['a\r\nx-evil: 1', 'a\nb', 'a\0b', 'a\u0100'])(
    'with the header value %j is never sent',
    async (value) => {
      await expect(readAll('/o', { 'x-set': value })).rejects.toThrow(/no header can carry/);
      expect(origin.requests).toEqual([]);
    },
  );

  it('carries its body', async () => {
    origin.script('/o', { body: 'stored' });
    const put = { ...request(`${origin.url}/o`), method: 'PUT', body: Buffer.from('bytes') };
    await client.exchange(put, (response) => response.bytes(99), never);
    expect(origin.requests[0]).toMatchObject({ method: 'PUT', body: Buffer.from('bytes') });
  });
});

describe('an answer', () => {
  it('has its headers joined, with lower-case names, and its cookies apart', async () => {
    origin.script('/o', {
      status: 418,
      headers: { 'X-Two': ['a', 'b'], 'Set-Cookie': ['c=1', 'd=2'], ETag: '"e"' },
    });
    const head = await client.exchange(
      request(`${origin.url}/o`),
      ({ status, headers, setCookies }) => Promise.resolve({ status, headers, setCookies }),
      never,
    );
    expect(head).toEqual({
      status: 418,
      headers: { 'content-length': '0', 'x-two': 'a, b', etag: '"e"' },
      setCookies: ['c=1', 'd=2'],
    });
  });
});
