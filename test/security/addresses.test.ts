import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Resolve } from '../../src/http/checked-lookup.ts';
import type { Origin } from '../../src/model/origin.ts';
import type { HttpOriginSettings } from '../../src/origin/http-origin.ts';
import { originRequest } from '../contract/origin-contract.ts';
import { testOrigin } from '../support/fault-origin-adapter.ts';
import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';
import { loopbackTls } from '../support/loopback-tls.ts';

let server: FaultOrigin;
let origin: Origin | undefined;
const never = new AbortController().signal;

beforeEach(async () => {
  server = await faultOrigin();
});
afterEach(async () => {
  await origin?.close();
  await server.close();
});

/** Asks for `/o` at `base`. */
async function read(base: string, settings: Partial<HttpOriginSettings> = {}): Promise<string> {
  origin = testOrigin(base, settings);
  return origin.read(
    originRequest('o'),
    async (answer) => Buffer.from(await answer.bytes(99)).toString(),
    never,
  );
}

/** A resolver that gives the next of `answers` at each question, and the last one for good. */
function resolving(...answers: readonly (readonly string[])[]): {
  asked: string[];
  resolve: Resolve;
} {
  const asked: string[] = [];
  return {
    asked,
    resolve: (hostname, done) => {
      asked.push(hostname);
      const addresses = answers[Math.min(asked.length, answers.length) - 1] ?? [];
      done(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    },
  };
}

const refused = { code: 'ADDRESS_REFUSED' };

describe('a name that is rebound', () => {
  it('is looked up once a connection: what was checked is what is dialled', async () => {
    server.script('/o', { body: 'here' });
    const { asked, resolve } = resolving(['127.0.0.1'], ['169.254.169.254']);
    const base = `http://a.example:${String(server.port)}/`;
    expect(await read(base, { resolve })).toBe('here');
    expect(asked).toEqual(['a.example']);
  });

  it.each(['::ffff:169.254.169.254', '64:ff9b::a9fe:a9fe', '2002:a9fe:a9fe::', 'fd00:ec2::254'])(
    'to %s, an address within an address, is refused whatever the rules say',
    async (address) => {
      const { resolve } = resolving([address]);
      await expect(read('http://a.example/', { resolve })).rejects.toMatchObject(refused);
    },
  );

  it('by a redirect to another name is judged like the first', async () => {
    const { asked, resolve } = resolving(['127.0.0.1'], ['169.254.169.254']);
    const port = String(server.port);
    server.script('/o', { status: 302, headers: { Location: `http://b.example:${port}/o` } });
    const base = `http://a.example:${port}/`;
    await expect(read(base, { resolve })).rejects.toMatchObject(refused);
    expect(asked).toEqual(['a.example', 'b.example']);
    expect(server.requests).toHaveLength(1);
  });
});

describe('a redirect to the metadata service', () => {
  it.each([
    ['in decimal', 'http://2852039166/latest'],
    ['in octal', 'http://0251.0376.0251.0376/latest'],
    ['in hexadecimal', 'http://0xa9fea9fe/latest'],
    ['in three parts', 'http://169.254.43518/latest'],
    ['in full-width digits', 'http://%EF%BC%91%EF%BC%96%EF%BC%99.254.169.254/latest'],
    ['with a dot at its end', 'http://169.254.169.254./latest'],
    ['mapped into IPv6', 'http://[::ffff:169.254.169.254]/latest'],
    ['mapped into IPv6, in hexadecimal', 'http://[::ffff:a9fe:a9fe]/latest'],
    ['with a user before it', 'http://a.example@169.254.169.254/latest'],
    ['without a scheme', '//169.254.169.254/latest'],
    ['by name', 'http://metadata.google.internal./latest'],
  ])('%s is refused whatever the rules say', async (_, location) => {
    server.script('/o', { status: 307, headers: { Location: location } });
    await expect(read(`${server.url}/`)).rejects.toMatchObject(refused);
    expect(server.requests).toHaveLength(1);
  });
});

describe('a base at', () => {
  it.each([
    'http://0.0.0.0/',
    'http://0/',
    'http://[::]/',
    'http://017700000001/',
    'http://127.0.0.1./',
    'http://%31%32%37.0.0.1/',
    'http://localhost./',
    'http://[::ffff:7f00:1]/',
    'http://[::127.0.0.1]/',
  ])('%s is refused where private addresses are', async (base) => {
    const settings = { allowPrivate: false, locate: () => `${base}o` };
    await expect(read(base, settings)).rejects.toMatchObject(refused);
  });
});

describe('a chain of redirects', () => {
  it('ends at the cap, and no request is made behind it', async () => {
    for (let hop = 0; hop < 9; hop += 1) {
      const path = hop === 0 ? '/o' : `/${String(hop)}`;
      server.script(path, { status: 302, headers: { Location: `/${String(hop + 1)}` } });
    }
    const reading = read(`${server.url}/`, { maxRedirects: 3 });
    await expect(reading).rejects.toMatchObject({ code: 'REDIRECT_REFUSED' });
    expect(server.requests.map(({ path }) => path)).toEqual(['/o', '/1', '/2', '/3']);
  });

  it('goes on from http to https and not back: nothing is asked over http', async () => {
    const tls = loopbackTls();
    const secure = await faultOrigin({ tls: tls.server });
    server.script('/o', { status: 302, headers: { Location: `${secure.url}/up` } });
    secure.script('/up', { status: 302, headers: { Location: `${server.url}/down` } });
    const settings = { tls: { ca: tls.ca, cert: undefined, key: undefined } };
    const reading = read(`${server.url}/`, settings);
    await expect(reading).rejects.toMatchObject({ code: 'REDIRECT_REFUSED' });
    await secure.close();
    expect(secure.requests).toHaveLength(1);
    expect(server.requests.map(({ path }) => path)).toEqual(['/o']);
  });

  it('over two sites that send each other back and forth is a loop', async () => {
    const other = await faultOrigin();
    server.script('/o', { status: 302, headers: { Location: `${other.url}/p` } });
    other.script('/p', { status: 302, headers: { Location: `${server.url}/o` } });
    await expect(read(`${server.url}/`)).rejects.toMatchObject({ code: 'LOOP_DETECTED' });
    await other.close();
    expect([server.requests.length, other.requests.length]).toEqual([1, 1]);
  });
});
