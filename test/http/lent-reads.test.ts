import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { HttpResponse } from '../../src/http/http-client.ts';
import type { BodySink } from '../../src/model/ports.ts';
import { request, testClient, type TestClient } from '../support/fault-origin-client.ts';

let server: Server;
let client: TestClient;
/** How the server answers each request, whatever it asks for. */
let answer: (socket: Socket) => Promise<void> | void;
let connections: number;

beforeEach(async () => {
  connections = 0;
  server = createServer((socket) => {
    connections += 1;
    socket.on('error', () => undefined);
    socket.on('data', () => {
      answer(socket)?.catch(() => undefined);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  client = testClient({ lendsReads: true });
});

afterEach(async () => {
  await client.close();
  server.close();
});

/** Every byte tells where it is, so that one of another place is seen. */
const BODY = Buffer.from(
  Uint32Array.from({ length: 1024 * 1024 }, (_, at) => at * 2_654_435_761).buffer,
);

const head = (length: number): string => `HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\n\r\n`;

function get<T>(read: (response: HttpResponse) => Promise<T>): Promise<T> {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  const url = `http://127.0.0.1:${address.port}/o`;
  return client.exchange(request(url), read, new AbortController().signal);
}

async function lent(sink: BodySink): Promise<number> {
  const length = await get(async (response) => response.lendTo?.(sink));
  if (length === undefined) throw new Error('nothing is lent');
  return length;
}

describe('a body whose chunks are lent', () => {
  beforeEach(() => {
    answer = (socket) => void socket.write(Buffer.concat([Buffer.from(head(BODY.length)), BODY]));
  });

  it('comes whole, in memory that is used again', async () => {
    const memory = new Set<ArrayBufferLike>();
    const copies: Buffer[] = [];
    let chunks = 0;
    const length = await lent((chunk) => {
      chunks += 1;
      memory.add(chunk.buffer);
      copies.push(Buffer.from(chunk));
    });
    expect(length).toBe(BODY.length);
    expect(Buffer.concat(copies).equals(BODY)).toBe(true);
    expect(memory.size).toBeLessThan(chunks / 2);
  });

  it('leaves each chunk alone that its sink takes with a promise', async () => {
    const kept: Uint8Array[] = [];
    await lent((chunk) => {
      kept.push(chunk);
      return turn();
    });
    expect(Buffer.concat(kept).equals(BODY)).toBe(true);
  });

  it('is right where some chunks are kept, some not, and some for long', async () => {
    const kept: Uint8Array[] = [];
    let count = 0;
    await lent((chunk) => {
      count += 1;
      if (count % 3 === 0) {
        kept.push(chunk);
        return count % 2 === 0 ? sleep(3) : Promise.resolve();
      }
      kept.push(Uint8Array.from(chunk));
      return undefined;
    });
    expect(Buffer.concat(kept).equals(BODY)).toBe(true);
  });

  it('lies in words of memory as in the stream, however it is cut', async () => {
    answer = async (socket) => {
      socket.write(head(BODY.length));
      for (let at = 0; at < BODY.length; at += 99_997) {
        socket.write(BODY.subarray(at, at + 99_997));
        await turn();
      }
    };
    const places: { readonly at: number; readonly within: number }[] = [];
    let at = 0;
    await lent((chunk) => {
      places.push({ at, within: chunk.byteOffset % 8 });
      at += chunk.length;
    });
    const first = places[0]?.within ?? 0;
    expect(places.length).toBeGreaterThan(10);
    expect(places.filter((one) => one.within !== (first + one.at) % 8)).toEqual([]);
  });

  it('stays right where nobody reads it for a while', async () => {
    const copies: Buffer[] = [];
    await get(async (response) => {
      await sleep(50);
      return response.lendTo?.((chunk) => void copies.push(Buffer.from(chunk)));
    });
    expect(Buffer.concat(copies).equals(BODY)).toBe(true);
  });

  it('ends in what its sink throws, at once or later', async () => {
    const full = new Error('disk full');
    await expect(
      lent(() => {
        throw full;
      }),
    ).rejects.toBe(full);
    await expect(lent(() => Promise.reject(full))).rejects.toBe(full);
  });

  it('is followed on its connection by a head that comes in pieces', async () => {
    await lent(() => undefined);
    answer = async (socket) => {
      const begun = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-na';
      for (const piece of [begun, 'me: lo', 'ng val', 'ue\r\n\r\n', 'ok']) {
        socket.write(piece);
        await sleep(5);
      }
    };
    const got = await get(
      async (response) => [response.headers['x-name'], await response.bytes(9)] as const,
    );
    expect(got[0]).toBe('long value');
    expect(Buffer.from(got[1]).toString()).toBe('ok');
    expect(connections).toBe(1);
  });
});

describe('a connection that lends its chunks', () => {
  it('gives a reader that does not borrow chunks of its own', async () => {
    answer = async (socket) => {
      socket.write(head(BODY.length));
      for (let at = 0; at < BODY.length; at += 100_000) {
        socket.write(BODY.subarray(at, at + 100_000));
        await turn();
      }
    };
    const chunks: Uint8Array[] = [];
    await get((response) => response.pipeTo((chunk) => void chunks.push(chunk)));
    expect(Buffer.concat(chunks).equals(BODY)).toBe(true);
  });

  it('serves exchange after exchange', async () => {
    answer = (socket) => void socket.write(`${head(5)}hello`);
    for (let count = 0; count < 20; count += 1) {
      const bytes = await get((response) => response.bytes(9));
      expect(Buffer.from(bytes).toString()).toBe('hello');
    }
    expect(connections).toBe(1);
  });
});

describe('a small body', () => {
  it("is its reader's for good, whatever is read after it", async () => {
    let count = 0;
    const bodyOf = (number: number) => BODY.subarray(number, number + ((number * 997) % 20_000));
    answer = (socket) => {
      const body = bodyOf(count);
      count += 1;
      socket.write(Buffer.concat([Buffer.from(head(body.length)), body]));
    };
    const kept: Uint8Array[] = [];
    for (let number = 0; number < 100; number += 1) {
      kept.push(await get((response) => response.bytes(64 * 1024)));
    }
    const wrong = kept.flatMap((body, number) => (bodyOf(number).equals(body) ? [] : [number]));
    expect(wrong).toEqual([]);
    expect(connections).toBe(1);
  });
});
