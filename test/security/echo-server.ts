import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that answers every request with everything that it was sent. */
export interface EchoServer {
  /** `127.0.0.1:port`. */
  readonly host: string;
  /** Everything that came so far. */
  readonly heard: () => string;
  readonly close: () => Promise<void>;
}

export interface EchoOptions {
  readonly status: number;
  /** Wraps what was sent into the answer's body; absent: as it is. */
  readonly wrap?: (sent: string) => string;
  /** Further headers of the answer. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Starts a server that repeats each request in its reason, its headers and its body. */
export async function echoServer({ status, wrap, headers }: EchoOptions): Promise<EchoServer> {
  let heard = '';
  const server = createServer((request, response) => {
    const sent = sentBy(request);
    heard += sent;
    const secrets = [request.headers.authorization, request.headers['x-amz-security-token']];
    const said = `you sent ${secrets.join(' ')}`;
    response.writeHead(status, said, {
      'content-type': 'application/xml',
      'www-authenticate': `Bearer realm="${said}"`,
      'x-amz-request-id': 'request-1',
      'x-echo': said,
      ...headers,
    });
    request.resume().on('end', () => response.end(wrap === undefined ? sent : wrap(sent)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${String(port)}`,
    heard: () => heard,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function sentBy({ method, url, rawHeaders }: IncomingMessage): string {
  return `${String(method)} ${String(url)}\n${rawHeaders.join('\n')}\n`;
}
