import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AdminAnswer, errorAnswerJson } from './admin-answer.ts';
import { readAdminRequest } from './admin-request.ts';
import { answerAdmin } from './admin-routes.ts';
import type { AdminView } from './admin-view.ts';

/** Where the admin port listens. */
export interface AdminAddress {
  readonly host: string;
  readonly port: number;
}

export interface AdminSettings {
  readonly listen: AdminAddress;
  readonly view: AdminView;
  /** What calls that change something must bear; undefined or empty: nobody can make them. */
  readonly token: string | undefined;
  /** Told of what went wrong inside; the client is told of a 500 only. */
  readonly onTrouble?: (error: unknown) => void;
}

export interface Admin {
  /** With the port that was given by the system, where 0 was asked for. */
  readonly address: AdminAddress;
  /** Breaks every connection, and resolves when nothing is under way any more. */
  close(): Promise<void>;
}

const MAX_HEADER_BYTES = 32 * 1024;
/** For the whole of a request. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Monitors ask every few seconds; a connection is not worth more than that. */
const KEEP_ALIVE_MS = 20_000;

/**
 * Opens the port for those who run the proxy: its status page, health, metrics and the calls that
 * change something. It answers in JSON, errors too; the vendors' calls as their vendors do.
 * @throws the system's error where the address can't be listened on.
 */
export async function openAdmin(settings: AdminSettings): Promise<Admin> {
  const { listen } = settings;
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: REQUEST_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // HTTP/1.1 without Host is answered as any other host that is not known here.
    requireHostHeader: false,
  });
  const underWay = new Set<Promise<void>>();
  server.on('request', (incoming, response) => {
    const answered = handle(settings, incoming, response).finally(() => underWay.delete(answered));
    underWay.add(answered);
  });
  server.listen(listen.port, listen.host);
  await once(server, 'listening');
  const { address, port } = server.address() as AddressInfo;
  return {
    address: { host: address, port },
    async close() {
      const closed = once(server, 'close');
      server.close();
      // An answer that is ready by now still leaves.
      await new Promise(setImmediate);
      server.closeAllConnections();
      await Promise.all([closed, ...underWay]);
    },
  };
}

/** Never throws. */
async function handle(
  settings: AdminSettings,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const read = await readAdminRequest(incoming, settings.listen.host);
    if ('refusal' in read) {
      response.setHeader('connection', 'close');
      await send(response, read.refusal);
      return;
    }
    await send(response, await answerAdmin(settings.view, settings.token, read.request));
  } catch (error) {
    if (response.destroyed || incoming.errored !== null) return;
    settings.onTrouble?.(error);
    await send(response, errorAnswerJson(500, 'an internal error'));
  }
}

/** Resolves when the answer has left, or its client. */
async function send(
  response: ServerResponse,
  { status, headers, body }: AdminAnswer,
): Promise<void> {
  if (response.destroyed) return;
  const bytes = Buffer.from(body);
  const closed = new Promise<void>((resolve) => {
    response.on('close', resolve);
  });
  // A 204 has no body, so it must not tell a length (RFC 9110, 8.6).
  const length = status === 204 ? {} : { 'content-length': bytes.length };
  response.writeHead(status, { ...headers, ...length });
  // Node leaves it out for HEAD.
  response.end(bytes);
  await closed;
}
