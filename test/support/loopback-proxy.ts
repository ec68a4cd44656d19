import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

/** A forward proxy on a loopback port, for tunnels (CONNECT) and for whole URLs. */
export interface LoopbackProxy {
  readonly port: number;
  /** Request lines as they came: `CONNECT a.example:443`, `GET http://a.example/x`. */
  readonly asked: readonly string[];
  /** Proxy-Authorization headers as they came. */
  readonly authorizations: readonly (string | undefined)[];
  close(): Promise<void>;
}

/**
 * Starts the proxy. Whatever host is asked for, it goes to `targetPort` on 127.0.0.1: so tests can
 * use names that do not resolve here.
 * @param refuseWith answers every request with this status instead.
 */
export async function loopbackProxy(
  targetPort: number,
  refuseWith?: number,
): Promise<LoopbackProxy> {
  const asked: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    asked.push(`${String(request.method)} ${String(request.url)}`);
    authorizations.push(request.headers['proxy-authorization']);
    if (refuseWith !== undefined) {
      response.writeHead(refuseWith).end();
      return;
    }
    const url = new URL(String(request.url));
    const path = url.pathname + url.search;
    httpRequest(
      { port: targetPort, host: '127.0.0.1', path, headers: request.headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    ).end();
  });
  server.on('connect', (request, client: Socket) => {
    asked.push(`CONNECT ${String(request.url)}`);
    authorizations.push(request.headers['proxy-authorization']);
    if (refuseWith !== undefined) {
      client.end(`HTTP/1.1 ${String(refuseWith)} No\r\n\r\n`);
      return;
    }
    const upstream = connect(targetPort, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(upstream).pipe(client);
    });
    upstream.on('error', () => client.destroy());
    client.on('error', () => undefined).on('close', () => upstream.destroy());
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    authorizations,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
