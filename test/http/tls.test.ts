import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { DialIdentity } from '../../src/http/dial.ts';
import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';
import { request, testClient } from '../support/fault-origin-client.ts';
import { loopbackTls, type Identity, type LoopbackTls } from '../support/loopback-tls.ts';

let tls: LoopbackTls;
let origin: FaultOrigin | undefined;
const client = testClient();
const never = new AbortController().signal;

beforeAll(() => {
  tls = loopbackTls();
});
afterEach(async () => {
  await origin?.close();
  origin = undefined;
});
afterAll(async () => {
  await client.close();
});

async function serve(server: Identity, wantsClient = false): Promise<FaultOrigin> {
  const extra = wantsClient ? { requestCert: true, rejectUnauthorized: true, ca: tls.ca } : {};
  origin = await faultOrigin({ tls: { ...server, ...extra } });
  origin.script('/o', { body: 'over TLS' });
  return origin;
}

const read = (url: string, identity: DialIdentity): Promise<string> =>
  client.exchange(
    request(url, {}, identity),
    async (response) => Buffer.from(await response.bytes(99)).toString(),
    never,
  );

describe('an https site', () => {
  it('is trusted through `ca`', async () => {
    const { url } = await serve(tls.server);
    expect(await read(`${url}/o`, { ca: tls.ca })).toBe('over TLS');
  });

  it.each([
    ['signed by an unknown authority', 'server', {}, /signed by nobody trusted here.*`ca`/],
    ['signed by itself', 'selfSigned', {}, /self-signed: give it as `ca`/],
    ['that has expired', 'expired', { ca: true }, /has expired/],
    ['for another name', 'otherName', { ca: true }, /names another host: set `serverName`/],
  ] as const)(
    'with a certificate %s is refused with what to do',
    async (_, which, { ...use }, line) => {
      const { url } = await serve(tls[which]);
      const asking = read(`${url}/o`, 'ca' in use ? { ca: tls.ca } : {});
      await expect(asking).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE' });
      await expect(asking).rejects.toThrow(line);
    },
  );

  it('is checked against `serverName` where that is set, with that name in SNI', async () => {
    const { url, port } = await serve(tls.otherName);
    const identity = { ca: tls.ca, serverName: 'www.example.com' };
    expect(await read(`${url}/o`, identity)).toBe('over TLS');
    expect(await read(`https://127.0.0.1:${String(port)}/o`, identity)).toBe('over TLS');
  });

  it('is checked against the URL, not against `connectTo`', async () => {
    const { port } = await serve(tls.otherName);
    const connectTo = `127.0.0.1:${String(port)}`;
    expect(await read('https://www.example.com/o', { ca: tls.ca, connectTo })).toBe('over TLS');
    await expect(read('https://b.example/o', { ca: tls.ca, connectTo })).rejects.toThrow(
      /serverName/,
    );
    expect(origin?.requests[0]?.headers['host']).toBe('www.example.com');
  });

  it('named by its address is checked for that address', async () => {
    const { port } = await serve(tls.server);
    expect(await read(`https://127.0.0.1:${String(port)}/o`, { ca: tls.ca })).toBe('over TLS');
  });

  it('sees the client certificate', async () => {
    const { url } = await serve(tls.server, true);
    expect(await read(`${url}/o`, { ca: tls.ca, ...tls.client })).toBe('over TLS');
    await expect(read(`${url}/o`, { ca: tls.ca })).rejects.toMatchObject({
      code: 'ORIGIN_UNREACHABLE',
    });
  });

  it('that speaks no TLS is told as such', async () => {
    const plain = createServer((_, response) => response.end()).listen(0, '127.0.0.1');
    await once(plain, 'listening');
    const { port } = plain.address() as AddressInfo;
    const asking = read(`https://127.0.0.1:${String(port)}/`, {});
    await expect(asking).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE' });
    await expect(asking).rejects.toThrow(/does not speak TLS there/);
    plain.close();
  });
});
