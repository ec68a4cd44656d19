import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Bytes that no other key has. */
export function bytesOf(key: string): Buffer {
  return Buffer.from(`the object ${JSON.stringify(key)}\n`);
}

/** An HTTP site that takes each path for what it says, and for nothing like it. */
export interface ExactSite {
  /** With its final slash. */
  readonly url: string;
  /** Keys that were asked for, by decoding the raw path once. */
  readonly asked: readonly string[];
  readonly close: () => Promise<void>;
}

/** Starts a site that has exactly `keys`, each with its own bytes. */
export async function exactSite(keys: readonly string[]): Promise<ExactSite> {
  const held = new Set(keys);
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const key = decoded((request.url ?? '').slice(1));
    if (key !== '') asked.push(key);
    const body = bytesOf(key);
    if (held.has(key)) response.writeHead(200, { 'content-length': body.length }).end(body);
    else response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}/`,
    asked,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return `not decodable: ${path}`;
  }
}
