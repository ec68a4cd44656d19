import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { HttpClient } from '../../src/serve/client/client.ts';

const PIECE = 64 * 1024;
const PIECES = 160;
const BODY = Buffer.from(
  Uint32Array.from({ length: (PIECE * PIECES) / 4 }, (_, at) => at * 2_654_435_761).buffer,
);

let server: Server;
let answers: Promise<void>[];

beforeEach(async () => {
  answers = [];
  server = createServer((_, response) => {
    answers.push(answer(response));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** Sends the body out of memory that is used again as soon as it is free, as connections lend it. */
async function answer(response: ServerResponse): Promise<void> {
  const client = new HttpClient(response, {
    gone: new AbortController().signal,
    waiting: new Set(),
  });
  client.head(200, { 'content-length': String(BODY.length) });
  let memory = Buffer.alloc(PIECE);
  for (let at = 0; at < BODY.length; at += PIECE) {
    BODY.copy(memory, 0, at);
    const busy = client.take(memory);
    if (busy === undefined) memory.fill(0);
    else memory = Buffer.alloc(PIECE);
    await busy;
  }
  client.end();
}

function ask(requests: number): Socket {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  const socket = connect(address.port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(requests));
  return socket;
}

async function bodiesOf(socket: Socket, count: number, pauseMs: number): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  let received = 0;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    received += chunk.length;
    if (pauseMs > 0 && chunks.length % 8 === 0) await sleep(pauseMs);
    if (received > BODY.length * count) break;
  }
  const all = Buffer.concat(chunks);
  const found: Buffer[] = [];
  for (let at = 0; at < all.length;) {
    const body = all.indexOf('\r\n\r\n', at) + 4;
    found.push(all.subarray(body, body + BODY.length));
    at = body + BODY.length;
  }
  return found;
}

describe('a client that is given lent chunks', () => {
  it.each([
    ['reads as fast as it can', 1, 0],
    ['reads slowly', 1, 2],
    ['sends its next requests before the answer', 3, 0],
  ])('gets the bytes that they held when it %s', async (_, count, pauseMs) => {
    const bodies = await bodiesOf(ask(count), count, pauseMs);
    expect(bodies.map((body) => body.equals(BODY))).toEqual(Array(count).fill(true));
    await Promise.all(answers);
  });
});
