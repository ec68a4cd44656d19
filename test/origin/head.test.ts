import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Origin, OriginHead, OriginRequest } from '../../src/model/origin.ts';
import { originRequest } from '../contract/origin-contract.ts';
import { testOrigin } from '../support/fault-origin-adapter.ts';
import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';
import { ORIGINS_UNDER_TEST } from './origins-under-test.ts';

let server: FaultOrigin;
let origin: Origin;
const never = new AbortController().signal;

beforeEach(async () => {
  server = await faultOrigin();
});
afterEach(async () => {
  await origin.close();
  await server.close();
});

/** What HEAD gives, and how many bytes of a body come with it. */
async function head(
  change: Partial<OriginRequest> = {},
): Promise<{ head: OriginHead; buffered: number; piped: number }> {
  const request = originRequest('o', { method: 'HEAD', ...change });
  const buffered = await origin.read(
    request,
    async (answer) => (await answer.bytes(0)).length,
    never,
  );
  return origin.read(
    request,
    async (answer) => {
      const piped = await answer.pipeTo(() => {
        throw new Error('the sink was given something');
      });
      return { head: answer.head, buffered, piped };
    },
    never,
  );
}

describe.each(ORIGINS_UNDER_TEST)('HEAD of an $kind origin', ({ open, path }) => {
  beforeEach(() => {
    origin = open(server);
  });

  it('tells the head that GET would get, with its length and without a body', async () => {
    server.script(path, { body: 'hello', headers: { ETag: '"e"', 'Content-Type': 'a/b' } });
    const got = await head();
    expect(got).toMatchObject({
      head: { status: 200, length: 5, framing: 'length', origin: origin.name },
      buffered: 0,
      piped: 0,
    });
    expect(got.head.headers).toMatchObject({ etag: '"e"', 'content-type': 'a/b' });
    expect(server.requests.map(({ method }) => method)).toEqual(['HEAD', 'HEAD']);
  });

  it.each([
    ['is chunked', { framing: 'chunked' }],
    ['ends with the connection', { framing: 'close' }],
    [
      'is packed by its transfer coding',
      { rawHead: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n' },
    ],
  ] as const)('has no body and no length where it tells of one that %s', async (_, answer) => {
    server.script(path, { get: {}, head: answer });
    expect(await head()).toMatchObject({
      head: { length: undefined, framing: 'length' },
      buffered: 0,
      piped: 0,
    });
  });

  it('is told as it is sent, as any other request', async () => {
    server.script(path, { body: 'x' });
    const told: string[] = [];
    await head({ onRequest: (name) => told.push(name) });
    expect(told).toEqual([origin.name, origin.name]);
  });

  it('gives 304 where the version is the known one', async () => {
    server.script(path, { get: { body: 'x' }, ifNoneMatch: { '"e"': { status: 304 } } });
    expect((await head({ unless: { etag: '"e"' } })).head.status).toBe(304);
  });

  it('of a missing object says so', async () => {
    server.script(path, { status: 404, body: 'page' });
    await expect(head()).rejects.toMatchObject({
      code: 'ORIGIN_NOT_FOUND',
      status: 404,
      origin: origin.name,
    });
  });

  it.each([
    ['a body', 'hello'],
    ['a body that looks like an answer', 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL'],
  ])('is not confused by a server that wrongly sends %s', async (_, body) => {
    const lines = `HTTP/1.1 200 OK\r\nContent-Length: ${String(body.length)}\r\n\r\n`;
    server.script(path, { get: { body: 'right' }, head: { rawHead: lines + body } });
    expect(await head()).toMatchObject({ head: { length: body.length }, buffered: 0, piped: 0 });
    const text = await origin.read(
      originRequest('o'),
      async (answer) => Buffer.from(await answer.bytes(99)).toString(),
      never,
    );
    expect(text).toBe('right');
  });

  it.each([405, 501, 403])('that is answered %i is a status', async (status) => {
    server.script(path, { get: { body: 'x' }, head: { status, body: 'not here' } });
    await expect(head()).rejects.toMatchObject({ code: 'ORIGIN_STATUS', status });
  });
});

describe('HEAD of an HTTP origin', () => {
  beforeEach(() => {
    origin = testOrigin(`${server.url}/`);
  });

  it('stays HEAD through redirects of every kind', async () => {
    const statuses = [301, 302, 303, 307, 308];
    server.script('/o', { status: 301, headers: { Location: '/0' } });
    statuses.forEach((status, index) => {
      server.script(`/${String(index)}`, {
        status,
        headers: { Location: `/${String(index + 1)}` },
        body: 'moved',
      });
    });
    server.script('/5', { body: 'hello' });
    const got = await head();
    expect(got).toMatchObject({ head: { url: `${server.url}/5`, length: 5 }, piped: 0 });
    expect(new Set(server.requests.map(({ method }) => method))).toEqual(new Set(['HEAD']));
  });

  it('is named in its failures, and so is every hop', async () => {
    server.script('/o', { status: 405 });
    await expect(head()).rejects.toThrow(`HEAD ${server.url}/o: answered 405`);
    server.script('/o', { status: 302, headers: { Location: '/p' } });
    server.script('/p', { status: 302, headers: { Location: '/o' } });
    await expect(head()).rejects.toThrow(`HEAD ${server.url}/p: answered 302 back to`);
  });

  it('fails by a connection that ends within the head', async () => {
    server.script('/o', { get: {}, head: { cutHead: { afterBytes: 20, how: 'end' } } });
    await expect(head()).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE' });
  });
});
