import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

import { SIZES } from './serve-nginx.js';
import { bodyOf } from './serve-pattern.js';
import { stop } from './serve-process.js';

/** Milliseconds of the clock that all processes share. */
export function sharedNowMs() {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Has every key below `miss<size>/`, and notes when it sends the first byte of each answer. */
function serve() {
  const bodies = new Map(Object.entries(SIZES).map(([name, bytes]) => [name, bodyOf(bytes)]));
  let sentMs = 0;
  const server = createServer((request, response) => {
    const body = bodies.get(/^\/miss(\w+)\//.exec(request.url)?.[1]);
    if (body === undefined) return response.writeHead(404, { 'content-length': 0 }).end();
    response.writeHead(200, { 'content-length': body.length, etag: '"v1"' });
    sentMs = sharedNowMs();
    return response.end(body);
  });
  process.on('disconnect', () => process.exit());
  process.on('message', () => process.send?.({ sentMs }));
  server.keepAliveTimeout = 75_000;
  server.listen(0, '127.0.0.1', () => process.send?.({ port: server.address().port }));
}

/** Starts it in a process of its own. */
export async function startStampingOrigin() {
  const child = fork(OWN_FILE);
  const [{ port }] = await once(child, 'message');
  return {
    url: `http://127.0.0.1:${port}`,
    /** When the first byte of the last answer was sent, by {@link sharedNowMs}. */
    sentMs: async () => {
      child.send('sent');
      const [{ sentMs }] = await once(child, 'message');
      return sentMs;
    },
    close: () => stop(child),
  };
}

const OWN_FILE = fileURLToPath(import.meta.url);
if (process.argv[1] === OWN_FILE) serve();
