import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sha256 } from './oracle.ts';

/** A well-behaved site on a loopback port whose objects follow from their keys. */
export interface Site {
  /** Base URL with its final slash. */
  readonly url: string;
  readonly keys: readonly string[];
  /** Key to SHA-256 of every object. */
  readonly digests: ReadonlyMap<string, string>;
  readonly requests: () => number;
  /** Answers take this long from now on. */
  readonly slowDown: (ms: number) => void;
  /** Every object is 503 from the next request on, for so long. */
  readonly throttleFor: (ms: number) => void;
  readonly close: () => Promise<void>;
}

/** Bytes of the object `key`: from nothing to several buffers, a different size each. */
export function siteBody(key: string): Buffer {
  const hash = sha256(key);
  const large = /-70?0?\.bin$/.test(key) ? 1024 * 1024 + 1 : 0;
  return Buffer.alloc(large + (parseInt(hash.slice(0, 4), 16) % 5000), hash);
}

/** Starts a site with `count` objects. */
export async function startSite(count: number): Promise<Site> {
  const keys = Array.from({ length: count }, (_, index) => `dir${index % 7}/object-${index}.bin`);
  const bodies = new Map(keys.map((key) => [`/${key}`, siteBody(key)]));
  let requests = 0;
  let delayMs = 0;
  let throttleMs = 0;
  let throttledUntilMs = 0;
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const body = bodies.get(request.url ?? '');
    if (body !== undefined && throttleMs > 0) {
      throttledUntilMs = Date.now() + throttleMs;
      throttleMs = 0;
    }
    if (body !== undefined && Date.now() < throttledUntilMs) response.writeHead(503).end();
    else if (body === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-length': body.length, etag: '"v1"' }).end(body);
  };
  const server = createServer((request, response) => {
    requests += 1;
    if (delayMs === 0) answer(request, response);
    else setTimeout(answer, delayMs, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}/`,
    keys,
    digests: new Map(keys.map((key) => [key, sha256(siteBody(key))])),
    requests: () => requests,
    slowDown: (ms) => {
      delayMs = ms;
    },
    throttleFor: (ms) => {
      throttleMs = ms;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A loopback port where nobody listens. */
export async function deadPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
