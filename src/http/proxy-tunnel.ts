import { request } from 'node:http';
import { isIP, type Socket } from 'node:net';

import { Failure } from '../model/failure.ts';
import type { TargetUrl } from './target-url.ts';

/** A place to connect to. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/**
 * Asks `proxy`, to which `socket` is connected, for a tunnel to `endpoint` and gives the socket
 * back once the tunnel stands.
 * @throws Failure `ORIGIN_UNREACHABLE` where the proxy refuses.
 */
export async function openTunnel(
  socket: Socket,
  proxy: TargetUrl,
  endpoint: Endpoint,
  signal: AbortSignal,
): Promise<Socket> {
  const host = isIP(endpoint.host) === 6 ? `[${endpoint.host}]` : endpoint.host;
  const authority = `${host}:${String(endpoint.port)}`;
  try {
    return await connectThrough(socket, proxy, authority, signal);
  } catch (error) {
    socket.on('error', () => undefined).destroy();
    throw error;
  }
}

async function connectThrough(
  socket: Socket,
  proxy: TargetUrl,
  authority: string,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise<Socket>((resolve, reject) => {
    const outgoing = request({
      method: 'CONNECT',
      path: authority,
      headers: {
        host: authority,
        ...(proxy.authorization === undefined
          ? {}
          : { 'proxy-authorization': proxy.authorization }),
      },
      createConnection: () => socket,
      signal,
    });
    outgoing.once('connect', (answer, tunnel, head) => {
      if (answer.statusCode !== 200) {
        reject(refusedTunnel(proxy, authority, answer.statusCode));
        return;
      }
      if (head.length > 0) tunnel.unshift(head);
      resolve(socket);
    });
    outgoing.once('response', (answer) => {
      reject(refusedTunnel(proxy, authority, answer.statusCode));
    });
    outgoing.once('error', reject);
    outgoing.end();
  });
}

function refusedTunnel(proxy: TargetUrl, authority: string, status: number | undefined): Failure {
  const why =
    status === 407 ? 'wants credentials: put user:password@ into the proxy variable' : 'refuses it';
  const line = `${authority}: the proxy ${proxy.site} ${why} (it answered ${String(status)} to CONNECT)`;
  return new Failure('ORIGIN_UNREACHABLE', line);
}
