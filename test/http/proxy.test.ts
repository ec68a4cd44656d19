import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';
import {
  NO_PROXIES,
  request,
  testClient,
  type TestClient,
} from '../support/fault-origin-client.ts';
import { loopbackProxy, type LoopbackProxy } from '../support/loopback-proxy.ts';
import { loopbackTls } from '../support/loopback-tls.ts';

let origin: FaultOrigin;
let proxy: LoopbackProxy;
let client: TestClient;
const never = new AbortController().signal;

beforeEach(async () => {
  origin = await faultOrigin();
  proxy = await loopbackProxy(origin.port);
  client = testClient({ allowPrivate: false, proxies: through(proxy) });
});

afterEach(async () => {
  await client.close();
  await proxy.close();
  await origin.close();
});

function through({ port }: LoopbackProxy) {
  const url = `http://user:p%40ss@127.0.0.1:${String(port)}`;
  return { ...NO_PROXIES, http: url, https: url };
}

const read = (url: string, identity = {}): Promise<string> =>
  client.exchange(
    request(url, {}, identity),
    async (response) => Buffer.from(await response.bytes(99)).toString(),
    never,
  );

const BASIC = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;

describe('through a proxy', () => {
  it('http sites are asked with the whole URL, and the proxy itself may be private', async () => {
    origin.script('/a//b?q=%41', { body: 'proxied' });
    expect(await read('http://a.example/a//b?q=%41')).toBe('proxied');
    expect(proxy.asked).toEqual(['GET http://a.example/a//b?q=%41']);
    expect(proxy.authorizations).toEqual([BASIC]);
    expect(origin.requests[0]?.headers['host']).toBe('a.example');
  });

  it('https sites are asked through a tunnel, with their own certificate checked', async () => {
    const tls = loopbackTls();
    const secure = await faultOrigin({ tls: tls.otherName });
    secure.script('/o', { body: 'tunnelled' });
    const tunnel = await loopbackProxy(secure.port);
    client = testClient({ allowPrivate: false, proxies: through(tunnel) });
    expect(await read('https://www.example.com/o', { ca: tls.ca })).toBe('tunnelled');
    expect(tunnel.asked).toEqual(['CONNECT www.example.com:443']);
    expect(tunnel.authorizations).toEqual([BASIC]);
    expect(secure.requests[0]?.headers).not.toHaveProperty('proxy-authorization');
    await expect(read('https://b.example/o', { ca: tls.ca })).rejects.toThrow(/serverName/);
    await client.close();
    await tunnel.close();
    await secure.close();
  });

  it('connectTo is where the tunnel goes', async () => {
    origin.script('/o', { body: 'x' });
    await read('http://a.example/o', { connectTo: 'b.example:8080' });
    expect(proxy.asked).toEqual(['CONNECT b.example:8080']);
  });

  it.each(['http://169.254.169.254/', 'http://10.0.0.5/', 'https://localhost/'])(
    '%s is refused all the same',
    async (url) => {
      await expect(read(url)).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
      expect(proxy.asked).toEqual([]);
    },
  );

  it.each(['http://a.example/', 'https://a.example/'])(
    'that wants other credentials, %s is unreachable with what to do',
    async (url) => {
      const strict = await loopbackProxy(origin.port, 407);
      client = testClient({ proxies: through(strict) });
      await expect(read(url)).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE' });
      await expect(read(url)).rejects.toThrow(/wants credentials: put user:password@/);
      await client.close();
      await strict.close();
    },
  );

  it('that refuses the tunnel the site is unreachable, with its status', async () => {
    const strict = await loopbackProxy(origin.port, 403);
    client = testClient({ proxies: through(strict) });
    await expect(read('https://a.example/')).rejects.toThrow(/refuses it \(it answered 403/);
    await client.close();
    await strict.close();
  });

  it('exempt sites are not asked', async () => {
    client = testClient({ proxies: { ...through(proxy), none: '127.0.0.1' } });
    origin.script('/o', { body: 'direct' });
    expect(await read(`${origin.url}/o`)).toBe('direct');
    expect(proxy.asked).toEqual([]);
  });
});
