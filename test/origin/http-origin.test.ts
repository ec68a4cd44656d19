import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { lendBody } from '../../src/model/lend-body.ts';
import { type Origin, type OriginRequest, ReadAgain } from '../../src/model/origin.ts';
import type { HttpOriginSettings } from '../../src/origin/http-origin.ts';
import { originRequest } from '../contract/origin-contract.ts';
import { testOrigin } from '../support/fault-origin-adapter.ts';
import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';

let server: FaultOrigin;
let elsewhere: FaultOrigin;
const opened: Origin[] = [];
const never = new AbortController().signal;

beforeEach(async () => {
  [server, elsewhere] = await Promise.all([faultOrigin(), faultOrigin()]);
});
afterEach(async () => {
  for (const origin of opened.splice(0)) await origin.close();
  await Promise.all([server.close(), elsewhere.close()]);
});

function open(settings: Partial<HttpOriginSettings> = {}, userinfo = ''): Origin {
  const origin = testOrigin(`${server.url.replace('//', `//${userinfo}`)}/`, settings);
  opened.push(origin);
  return origin;
}

const read = (origin: Origin, change: Partial<OriginRequest> = {}): Promise<string> =>
  origin.read(
    originRequest('o', change),
    async (answer) => Buffer.from(await answer.bytes(999)).toString(),
    never,
  );

describe('an HTTP origin', () => {
  it('lends its bodies from memory that is used again', async () => {
    server.script('/o', { body: 'abcdefgh'.repeat(200_000) });
    const memory = new Set<ArrayBufferLike>();
    const chunks: Buffer[] = [];
    const length = await open({ lendsReads: true }).read(
      originRequest('o'),
      async (answer) =>
        lendBody(answer, (chunk) => {
          memory.add(chunk.buffer);
          chunks.push(Buffer.from(chunk));
        }),
      never,
    );
    expect(length).toBe(1_600_000);
    expect(Buffer.concat(chunks).toString()).toBe('abcdefgh'.repeat(200_000));
    expect(memory.size).toBeLessThan(chunks.length / 2);
  });

  it.each([
    [404, 'ORIGIN_NOT_FOUND'],
    [410, 'ORIGIN_NOT_FOUND'],
    [403, 'ORIGIN_STATUS'],
    [206, 'ORIGIN_STATUS'],
    [204, 'ORIGIN_STATUS'],
    [300, 'ORIGIN_STATUS'],
    [304, 'ORIGIN_STATUS'],
    [429, 'ORIGIN_STATUS'],
    [500, 'ORIGIN_STATUS'],
    [599, 'ORIGIN_STATUS'],
  ])('fails by an unasked status %i with %s', async (status, code) => {
    server.script('/o', { status, body: 'page' });
    const origin = open();
    await expect(read(origin)).rejects.toMatchObject({
      code,
      status,
      origin: origin.name,
      message: expect.stringContaining(`GET ${server.url}/o: answered ${String(status)}`) as string,
    });
  });

  it.each([
    ['7', 7_000],
    ['Fri, 20 Nov 2026 04:00:30 GMT', 30_000],
    ['-7', undefined],
  ])('hands on Retry-After %s', async (value, retryAfterMs) => {
    server.script('/o', { status: 503, headers: { 'Retry-After': value } });
    await expect(read(open())).rejects.toMatchObject({ status: 503, retryAfterMs });
  });

  it('sends the located path byte for byte', async () => {
    const path = '/a//%2E%2E/../%252F?x=%41&y';
    server.script(path, { body: 'exact' });
    const origin = open({ locate: () => server.url + path });
    expect(await read(origin)).toBe('exact');
  });

  it('asks by the ETag that it was given, as it is', async () => {
    server.script('/o', { status: 304 });
    expect(await read(open(), { unless: { etag: 'W/"1"' } })).toBe('');
    expect(server.requests[0]?.headers).toMatchObject({ 'if-none-match': 'W/"1"' });
    expect(server.requests[0]?.headers).not.toHaveProperty('if-modified-since');
  });

  it('reads again where the reader wishes, and counts that as another request', async () => {
    server.script('/o', [{ body: 'first' }, { body: 'second' }]);
    let requests = 0;
    const texts: string[] = [];
    const origin = open();
    await origin.read(
      originRequest('o', { onRequest: () => (requests += 1) }),
      async (first) => {
        texts.push(Buffer.from(await first.bytes(9)).toString());
        return new ReadAgain(async (second) => {
          texts.push(Buffer.from(await second.bytes(9)).toString());
          return Promise.resolve();
        });
      },
      new AbortController().signal,
    );
    expect(texts).toEqual(['first', 'second']);
    expect(requests).toBe(2);
  });

  it('fails by a key that makes no URL', async () => {
    await expect(read(open({ locate: () => 'nonsense' }))).rejects.toMatchObject({
      code: 'KEY_INVALID',
    });
  });

  it('shows no credentials and no query in its head', async () => {
    server.script('/o?sig=1', { body: 'x' });
    const url = await open({}, 'user:pw@').read(
      originRequest('o', { query: 'sig=1' }),
      ({ head }) => Promise.resolve(head.url),
      never,
    );
    expect(url).toBe(`${server.url}/o`);
  });

  it('keeps Set-Cookie visible in its head', async () => {
    server.script('/o', { body: 'x', headers: { 'Set-Cookie': ['a=1', 'b=2'] } });
    const headers = await open().read(
      originRequest('o'),
      ({ head }) => Promise.resolve(head.headers),
      never,
    );
    expect(headers['set-cookie']).toBe('a=1, b=2');
  });

  it.each([
    ['a header value with a line break', { headers: { 'x-a': 'b\r\nc: d' } }],
    ['a hostHeader with a line break', { hostHeader: 'a\r\nb' }],
    ['a URL of another scheme', { baseUrl: 'ftp://a.example/' }],
  ])('is not made of %s', (_, settings) => {
    expect(() => open(settings)).toThrow(expect.objectContaining({ kind: 'usage' }) as Error);
  });

  it('answers a probe whatever the status, and without following redirects', async () => {
    for (const status of [200, 404, 503, 302]) {
      server.script('/', { status, headers: { Location: '/next' } });
      await expect(open().probe(never)).resolves.toBeUndefined();
    }
    expect(server.requestsFor('/next')).toEqual([]);
  });

  it('names itself where it may not be dialled', async () => {
    const origin = open({ allowPrivate: false });
    const refused = { code: 'ADDRESS_REFUSED', origin: origin.name };
    await expect(read(origin)).rejects.toMatchObject(refused);
    await expect(origin.probe(never)).rejects.toMatchObject(refused);
  });
});

describe('a redirect', () => {
  it('leads to the object, and each request is told', async () => {
    server.script('/o', { status: 301, headers: { Location: '/p%2Fq' }, body: 'moved' });
    server.script('/p%2Fq', { status: 302, headers: { Location: `${elsewhere.url}/r?s` } });
    elsewhere.script('/r?s', { body: 'found' });
    const told: string[] = [];
    const url = await open().read(
      originRequest('o', { onRequest: (name) => told.push(name) }),
      async ({ head, ...body }) => [head.url, (await body.bytes(9)).length],
      never,
    );
    expect(url).toEqual([`${elsewhere.url}/r`, 5]);
    expect(told).toEqual(Array(3).fill(`${server.url}/`));
  });

  it('to a refused address is not taken', async () => {
    server.script('/o', { status: 302, headers: { Location: 'http://169.254.169.254/latest' } });
    await expect(read(open())).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
  });

  it('loop ends', async () => {
    server.script('/o', { status: 302, headers: { Location: '/p' } });
    server.script('/p', { status: 302, headers: { Location: '/o' } });
    await expect(read(open())).rejects.toMatchObject({ code: 'LOOP_DETECTED' });
    expect(server.requests.length).toBe(2);
  });

  it('that is not to be followed is a status with its location', async () => {
    server.script('/o', { status: 302, headers: { Location: '/p' } });
    await expect(read(open({ followRedirects: false }))).rejects.toMatchObject({
      code: 'ORIGIN_STATUS',
      status: 302,
      location: `${server.url}/p`,
      origin: `${server.url}/`,
    });
  });

  it.each([
    [false, 'http://set.example/', 'http://set.example/'],
    [false, undefined, undefined],
    [true, 'http://set.example/', 'site'],
    [true, undefined, 'site'],
  ])(
    'with refererOnRedirect %s and Referer %s set carries %s',
    async (refererOnRedirect, set, sent) => {
      server.script('/o', { status: 302, headers: { Location: `${elsewhere.url}/p` } });
      elsewhere.script('/p', { body: 'x' });
      await read(open({ refererOnRedirect }), {
        headers: set === undefined ? {} : { referer: set },
      });
      expect(server.requests[0]?.headers['referer']).toBe(set);
      expect(elsewhere.requests[0]?.headers['referer']).toBe(
        sent === 'site' ? `${server.url}/` : sent,
      );
    },
  );
});

describe('the credentials of an address', () => {
  const secrets = ['authorization', 'cookie', 'x-api-key'];
  const headers = { authorization: 'Bearer canary', 'x-api-key': 'canary' };
  const rule = { headers: { cookie: 'canary=1', 'x-plain': 'shared' } };

  const held = (to: FaultOrigin, path: string): string[] =>
    secrets.filter((name) => to.requestsFor(path)[0]?.headers[name] !== undefined);

  it('go to itself, redirected or not', async () => {
    server.script('/o', { status: 302, headers: { Location: '/p' } });
    server.script('/p', { body: 'x' });
    await read(open({ headers, hostHeader: 'www.example.com' }), rule);
    expect(held(server, '/o')).toEqual(secrets);
    expect(held(server, '/p')).toEqual(secrets);
    expect(server.requests.map((request) => request.headers['host'])).toEqual(
      Array(2).fill('www.example.com'),
    );
  });

  it('go to no other port, and plain headers of the rule do', async () => {
    server.script('/o', { status: 302, headers: { Location: `${elsewhere.url}/p` } });
    elsewhere.script('/p', { body: 'x' });
    const settings = { headers, hostHeader: 'www.example.com' };
    await read(open(settings, 'user:canary@'), rule);
    expect(held(elsewhere, '/p')).toEqual([]);
    expect(elsewhere.requests[0]?.headers).toMatchObject({
      'x-plain': 'shared',
      host: `127.0.0.1:${String(elsewhere.port)}`,
    });
    expect(JSON.stringify(elsewhere.requests)).not.toContain('canary');
  });

  it('do not follow a connectTo to another site', async () => {
    server.script('/o', { status: 302, headers: { Location: `${elsewhere.url}/p` } });
    elsewhere.script('/p', { body: 'x' });
    const origin = open({
      connectTo: `127.0.0.1:${String(server.port)}`,
      locate: () => 'http://a.example/o',
      baseUrl: 'http://a.example/',
    });
    expect(await read(origin)).toBe('x');
    expect(server.requests[0]?.headers['host']).toBe('a.example');
  });

  it('go along with a URL of the list only where it is of the same site', async () => {
    server.script('/l', { body: 'x' });
    elsewhere.script('/l', { body: 'x' });
    const origin = open({ headers });
    await read(origin, { ...rule, url: `${server.url}/l` });
    await read(origin, { ...rule, url: `${elsewhere.url}/l` });
    expect(held(server, '/l')).toEqual(secrets);
    expect(held(elsewhere, '/l')).toEqual([]);
  });

  it('in the URL become Basic authorization, which a set header overrides', async () => {
    server.script('/o', { body: 'x' });
    await read(open({}, 'user:p%40ss@'));
    await read(open({ headers }, 'user:p%40ss@'));
    expect(server.requests.map((request) => request.headers['authorization'])).toEqual([
      `Basic ${Buffer.from('user:p@ss').toString('base64')}`,
      'Bearer canary',
    ]);
  });

  it('of a URL in the list go to that site, and those of a Location nowhere', async () => {
    const withUser = (url: string): string => url.replace('//', '//u:canary@');
    elsewhere.script('/l', { status: 302, headers: { Location: `${withUser(server.url)}/p` } });
    server.script('/p', { body: 'x' });
    await read(open(), { url: `${withUser(elsewhere.url)}/l` });
    expect(held(elsewhere, '/l')).toEqual(['authorization']);
    expect(held(server, '/p')).toEqual([]);
  });

  it('never stand in a failure', async () => {
    const origin = open({ headers }, 'user:canary@');
    const failure: unknown = await read(origin, { ...rule, query: 'token=canary' }).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: 'ORIGIN_NOT_FOUND' });
    expect(JSON.stringify(failure) + String(failure)).not.toContain('canary');
    expect(origin.name).not.toContain('canary');
  });
});
