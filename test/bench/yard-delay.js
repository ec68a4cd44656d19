/* global setTimeout, URL */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

import { endWithUs, stop } from './serve-process.js';

/** Hands on what one side says when it is old enough; timers of equal length keep their order. */
function delay(from, to, ms) {
  from.on('data', (chunk) => setTimeout(() => to.write(chunk), ms));
  from.on('end', () => setTimeout(() => to.end(), ms));
  from.on('error', () => to.destroy());
  from.on('close', () => setTimeout(() => to.destroy(), ms));
}

async function serve(port, roundTripMs) {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    delay(near, far, roundTripMs / 2);
    delay(far, near, roundTripMs / 2);
  });
  process.on('disconnect', () => process.exit());
  await once(server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }), 'listening');
  process.send?.(server.address().port);
}

/**
 * Starts a line of so much latency to a server, in a process of its own: what is said on it takes
 * half a round trip each way. Opening a connection takes no time.
 */
export async function startDelayLine(url, roundTripMs) {
  const child = fork(OWN_FILE, [new URL(url).port, String(roundTripMs)]);
  endWithUs(child);
  const [port] = await once(child, 'message');
  return { url: `http://127.0.0.1:${port}`, close: () => stop(child) };
}

const OWN_FILE = fileURLToPath(import.meta.url);
if (process.argv[1] === OWN_FILE) await serve(...process.argv.slice(2).map(Number));
