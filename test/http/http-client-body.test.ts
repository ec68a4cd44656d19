import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { HttpResponse } from '../../src/http/http-client.ts';
import type { BodySink } from '../../src/model/ports.ts';
import { faultOrigin, type FaultOrigin } from '../support/fault-origin.ts';
import type { FaultAnswer } from '../support/fault-origin-script.ts';
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

async function fetchBytes(answer: FaultAnswer, limit = 1_000_000): Promise<string> {
  origin.script('/o', answer);
  return client.exchange(
    request(`${origin.url}/o`),
    async (response) => Buffer.from(await response.bytes(limit)).toString(),
    never,
  );
}

async function fetchPiped(answer: FaultAnswer): Promise<string> {
  origin.script('/o', answer);
  return client.exchange(
    request(`${origin.url}/o`),
    async (response) => {
      const chunks: Uint8Array[] = [];
      const length = await response.pipeTo((chunk) => {
        chunks.push(chunk);
      });
      const body = Buffer.concat(chunks);
      expect(length).toBe(body.length);
      return body.toString();
    },
    never,
  );
}

async function fetchLent(answer: FaultAnswer): Promise<string> {
  origin.script('/o', answer);
  return client.exchange(
    request(`${origin.url}/o`),
    async (response) => {
      let body = '';
      const length = await lendTo(response, (chunk) => {
        body += Buffer.from(chunk).toString();
      });
      expect(length).toBe(body.length);
      return body;
    },
    never,
  );
}

async function lendTo(response: HttpResponse, sink: BodySink): Promise<number> {
  const length = await response.lendTo?.(sink);
  if (length === undefined) throw new Error('the body can not be lent');
  return length;
}

/** Replaces the client by one whose connections lend what they read, or don't. */
async function connectAnew(lendsReads: boolean): Promise<void> {
  await client.close();
  client = testClient({ lendsReads });
}

const large = 'abcdefgh'.repeat(100_000);

describe.each([
  ['as one buffer', fetchBytes, false],
  ['chunk by chunk', fetchPiped, false],
  ['as one buffer where chunks could be lent', fetchBytes, true],
  ['chunk by chunk where they could be lent', fetchPiped, true],
  ['in chunks that are lent', fetchLent, true],
])('a body read %s', (_, fetchBody, lendsReads) => {
  beforeEach(() => connectAnew(lendsReads));

  it.each<[string, FaultAnswer, string]>([
    ['framed by its length', { body: 'hello' }, 'hello'],
    ['of no bytes', { body: '' }, ''],
    ['framed by chunks', { body: 'hello', framing: 'chunked' }, 'hello'],
    ['that ends with the connection', { body: 'hello', framing: 'close' }, 'hello'],
    ['of many packets', { body: large }, large],
    ['of many packets, chunked', { body: large, framing: 'chunked' }, large],
    ['that comes in drops', { body: 'hello', drip: { bytes: 2, everyMs: 5 } }, 'hello'],
    ['after interim answers', { body: 'x', interim: ['103 Early Hints', '102 Processing'] }, 'x'],
  ])('comes whole when it is one %s', async (_name, answer, expected) => {
    expect(await fetchBody(answer)).toBe(expected);
  });

  it.each<[string, FaultAnswer]>([
    ['shorter than declared', { body: 'hello', declaredLength: 9, hangUp: true }],
    ['cut by an ended connection', { body: large, cutBody: { afterBytes: 70_000, how: 'end' } }],
    ['cut by a reset', { body: large, cutBody: { afterBytes: 70_000, how: 'reset' } }],
    [
      'cut before its last chunk',
      { body: 'hello', framing: 'chunked', cutBody: { afterBytes: 5, how: 'end' } },
    ],
    [
      'chunked and reset',
      { body: 'hello', framing: 'chunked', cutBody: { afterBytes: 5, how: 'reset' } },
    ],
    [
      'ended by nothing but a reset',
      { body: 'hello', framing: 'close', cutBody: { afterBytes: 3, how: 'reset' } },
    ],
    ['with two lengths', { body: 'hello', declaredLength: [5, 6] }],
    ['with one length twice', { body: 'hello', declaredLength: [5, 5] }],
    ['with a length beyond counting', { body: 'hello', declaredLength: '99999999999999999' }],
    [
      'packed by its transfer coding',
      { rawHead: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n', body: '0\r\n\r\n' },
    ],
  ])('is a failure when it is one %s', async (_name, answer) => {
    await expect(fetchBody(answer)).rejects.toMatchObject({ code: 'LENGTH_MISMATCH' });
  });

  it.each<[string, FaultAnswer]>([
    ['a length and chunks', { framing: 'chunked', headers: { 'Content-Length': '5' } }],
    ['a length of nonsense', { declaredLength: 'five' }],
    ['a negative length', { declaredLength: '-5' }],
    ['a line that is no header', { rawHead: 'HTTP/1.1 200 OK\r\nno colon\r\n\r\n' }],
    ['no HTTP in it', { rawHead: 'welcome to the mail server\r\n\r\n' }],
    ['an unasked 100 Continue', { interim: ['100 Continue'] }],
    ['more than 16 KiB of headers', { headers: { 'x-long': 'y'.repeat(17_000) } }],
  ])('is not read after a head with %s', async (_name, answer) => {
    const reading = fetchBody({ body: 'hello', ...answer });
    await expect(reading).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE' });
  });

  it('of more bytes than declared ends where it was declared to end', async () => {
    expect(await fetchBody({ body: 'hello, and more', declaredLength: 5 })).toBe('hello');
    expect(await fetchBody({ body: 'next' })).toBe('next');
  });

  it('does not take bytes that nobody asked for as the next answer', async () => {
    const smuggled = 'okHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL';
    expect(await fetchBody({ body: smuggled, declaredLength: 2 })).toBe('ok');
    expect(await fetchBody({ body: 'next' })).toBe('next');
  });
});

describe.each([
  ['a body', false],
  ['a body of a connection that lends its chunks', true],
])('%s', (_, lendsReads) => {
  beforeEach(() => connectAnew(lendsReads));

  it('stays packed as it came, with its Content-Encoding, though identity was asked for', async () => {
    origin.script('/o', {
      headers: { 'Content-Encoding': 'gzip' },
      body: Buffer.from([31, 139, 8, 0]),
    });
    const got = await client.exchange(
      request(`${origin.url}/o`, { 'accept-encoding': 'gzip' }),
      async (response) => ({
        bytes: await response.bytes(99),
        coding: response.headers['content-encoding'],
      }),
      never,
    );
    expect(Buffer.from(got.bytes).toString('hex')).toBe('1f8b0800');
    expect(got.coding).toBe('gzip');
    expect(origin.requests[0]?.headers['accept-encoding']).toBe('identity');
  });

  it('belongs to the final answer, not to the interim ones before it', async () => {
    origin.script('/o', { body: 'hello', interim: ['103 Early Hints'] });
    const head = await client.exchange(
      request(`${origin.url}/o`),
      ({ status, length, framing }) => Promise.resolve({ status, length, framing }),
      never,
    );
    expect(head).toEqual({ status: 200, length: 5, framing: 'length' });
  });

  it('longer than the limit is a failure, declared or not', async () => {
    for (const framing of ['length', 'chunked'] as const) {
      await expect(fetchBytes({ body: 'hello', framing }, 3)).rejects.toThrow(/expected at most 3/);
    }
    expect(await fetchBytes({ body: 'hey' }, 3)).toBe('hey');
  });

  it.each([
    ['to HEAD', 'HEAD', { body: 'hello' }, 5],
    ['with status 204', 'GET', { status: 204 }, undefined],
    ['with status 304', 'GET', { status: 304 }, undefined],
    ['with status 304 that tells a length', 'GET', { status: 304, declaredLength: 7 }, 7],
  ] as const)('of an answer %s is empty', async (_, method, answer, length) => {
    origin.script('/o', answer);
    const got = await client.exchange(
      { ...request(`${origin.url}/o`), method },
      async (response) => ({
        length: response.length,
        bytes: (await response.bytes(0)).length,
        framing: response.framing,
      }),
      never,
    );
    expect(got).toMatchObject({ length, framing: 'length', bytes: 0 });
  });

  it('of an answer holds back its connection while the sink is busy', async () => {
    origin.script('/o', { body: Buffer.alloc(8_000_000) });
    let largestWait = 0;
    const length = await client.exchange(
      request(`${origin.url}/o`),
      (response) => {
        let busy = 0;
        return response.pipeTo(async () => {
          busy += 1;
          largestWait = Math.max(largestWait, busy);
          await new Promise((resolve) => setImmediate(resolve));
          busy -= 1;
        });
      },
      never,
    );
    expect(length).toBe(8_000_000);
    expect(largestWait).toBe(1);
  });

  it('is not taken from the network while the sink is busy', async () => {
    const body = Buffer.alloc(64 * 1024 * 1024);
    origin.script('/o', { body, drip: { bytes: 256 * 1024, everyMs: 0 } });
    const stop = new AbortController();
    const piping = client.exchange(
      request(`${origin.url}/o`),
      (response) => response.pipeTo(() => new Promise((resolve) => setTimeout(resolve, 250))),
      stop.signal,
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    const taken = origin.bytesSent();
    stop.abort();
    await expect(piping).rejects.toThrow(/abort/);
    // What fits into the sockets' own buffers was sent, and no more.
    expect(taken).toBeLessThan(body.length / 4);
  });

  it('gives what its sink throws to the caller and drops the connection', async () => {
    origin.script('/o', { body: large });
    const piping = client.exchange(
      request(`${origin.url}/o`),
      (response) =>
        response.pipeTo(() => {
          throw new Error('disk full');
        }),
      never,
    );
    await expect(piping).rejects.toThrow('disk full');
    expect(await fetchBytes({ body: 'next' })).toBe('next');
    expect(origin.connections()).toBe(2);
  });

  // Where the system reports the reset together with the last bytes, Node tells an end instead: now
  // and then such a body looks whole, which is why it is read twice before it is stored.
  it('survives a reset while a slow sink holds it back', { retry: 4 }, async () => {
    origin.script('/o', {
      body: large,
      framing: 'close',
      cutBody: { afterBytes: 300_000, how: 'reset' },
    });
    const piping = client.exchange(
      request(`${origin.url}/o`),
      (response) => response.pipeTo(() => new Promise((resolve) => setTimeout(resolve, 60))),
      never,
    );
    await expect(piping).rejects.toMatchObject({ code: 'LENGTH_MISMATCH' });
  });

  it.each([
    ['only its end marks', { framing: 'close' }],
    ['has a length', { headers: { connection: 'close' }, hangUp: true }],
  ] as const)(
    'gives a body that %s whole, though the connection ends while it waits',
    async (_how, answer) => {
      const body = Buffer.alloc(140_000, 'held back ');
      origin.script('/o', { body, ...answer });
      const got: Buffer[] = [];
      const bytes = await client.exchange(
        request(`${origin.url}/o`),
        async (response) => {
          // The whole of it, and the end of the connection, come meanwhile.
          await new Promise((resolve) => setTimeout(resolve, 100));
          return response.pipeTo(async (chunk) => {
            got.push(Buffer.from(chunk));
            await new Promise((resolve) => setTimeout(resolve, 20));
          });
        },
        never,
      );
      expect(bytes).toBe(body.length);
      expect(Buffer.concat(got).equals(body)).toBe(true);
    },
  );
});
