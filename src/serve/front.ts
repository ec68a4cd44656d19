import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, Server as TcpServer, type Socket } from 'node:net';
import type { Served } from '../model/served.ts';
import { matchRequest } from '../rules/match-rule.ts';
import { type Address, type RawRequest, readAddress, type Refusal } from './client/address.ts';
import type { HttpClient } from './client/client.ts';
import { breakOff } from './client/break-off.ts';
import { Connections } from './client/connections.ts';
import { errorAnswer } from './client/error-answer.ts';
import { isLoop } from './loop-mark.ts';
import { preflight } from './client/preflight.ts';
import { serveRequest } from './serve-request.ts';
import type { Exchange, Serving } from './serving.ts';
import { Coming, ObjectExchange, ToldRequest } from './told-request.ts';
import { type Wave, UnderWay } from './under-way.ts';

/** Where the proxy listens. */
export interface FrontAddress {
  readonly host: string;
  readonly port: number;
}

export interface FrontSettings {
  readonly listen: FrontAddress;
  readonly serving: Serving;
  readonly onServed: (served: Served) => void;
}

/** The client's side of the proxy. */
export interface Front {
  /** With the port that was given by the system, where 0 was asked for. */
  readonly address: FrontAddress;
  /** Resolves when the requests that are under way now are answered. */
  underWayNow(): Promise<void>;
  /**
   * Accepts no more, and resolves when the answers under way are sent.
   * @param patience ends what is still under way by breaking the connections
   */
  drain(patience: AbortSignal): Promise<void>;
}

/** The headers of one request, in bytes. */
const MAX_HEADER_BYTES = 64 * 1024;
/** For the whole head of a request. */
const HEAD_TIMEOUT_MS = 30_000;
/** Longer than what balancers in front keep a connection for. */
const KEEP_ALIVE_MS = 75_000;
/** A connection on which nothing moves at all. */
const STILL_MS = 300_000;
const LOOP_STATUS = 508;

/**
 * Listens and answers.
 * @throws the system's error where the address can't be listened on.
 */
export async function openFront({ listen, serving, onServed }: FrontSettings): Promise<Front> {
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEAD_TIMEOUT_MS,
    requestTimeout: STILL_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    insecureHTTPParser: false,
  });
  server.setTimeout(STILL_MS);
  const connections = new Connections();
  const underWay = new UnderWay();
  const desk: Desk = { serving, onServed };
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    // RFC 9112, 6.1: who speaks HTTP/1.0 to somebody in between may have framed it otherwise.
    const isDoubtful = request.httpVersion === '1.0' && 'transfer-encoding' in request.headers;
    if (isDoubtful) response.shouldKeepAlive = false;
    const client = connections.clientOf(response, request.socket);
    handle(desk, underWay.begin(), request, client);
  };
  server.on('connection', (socket: Socket) => {
    connections.add(socket);
  });
  server.on('request', onRequest);
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    // The client keeps its body, or sends it all the same: what comes next can't be told.
    response.shouldKeepAlive = false;
    onRequest(request, response);
  });
  // Nobody tunnels through here; without a listener there would be no answer at all.
  server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    socket.end(`${UNWANTED}\r\nallow: GET, HEAD, OPTIONS${LAST}`);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (connections.isBusy(socket)) breakOff(socket);
    else refuseUnreadable(error, socket);
  });
  server.listen(listen.port, listen.host);
  await once(server, 'listening');
  const { address, port } = server.address() as AddressInfo;
  return {
    address: { host: address, port },
    underWayNow: () => underWay.now(),
    drain: async (patience) => drain(server, connections, underWay, patience),
  };
}

/** What answering takes, the same for all requests. */
interface Desk {
  readonly serving: Serving;
  readonly onServed: (served: Served) => void;
}

async function drain(
  server: Server,
  connections: Connections,
  underWay: UnderWay,
  patience: AbortSignal,
): Promise<void> {
  const closed = once(server, 'close');
  // Node's own `close` for HTTP breaks answers off that are written and not sent yet.
  TcpServer.prototype.close.call(server);
  connections.drain();
  const breakAll = (): void => {
    connections.breakAll();
  };
  patience.addEventListener('abort', breakAll, { once: true });
  if (patience.aborted) breakAll();
  await closed;
  patience.removeEventListener('abort', breakAll);
  // Ends its timers.
  server.close();
  await underWay.now();
}

const UNWANTED = 'HTTP/1.1 405 Method Not Allowed';
const LAST = '\r\nconnection: close\r\ncontent-length: 0\r\n\r\n';

const UNREADABLE: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** What is no HTTP gets an answer that closes the connection, if it still can. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status = UNREADABLE[error.code ?? ''] ?? '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}${LAST}`);
}

/** No async function, and no closure but one: every request comes by here. */
function handle(
  { serving, onServed }: Desk,
  wave: Wave,
  incoming: IncomingMessage,
  client: HttpClient,
): void {
  const { clock, steadyClock } = serving;
  const { method = '', url: target = '', rawHeaders } = incoming;
  const coming = new Coming(clock.now(), steadyClock.now(), method);
  // A body that nobody wants is read away, so that the connection can be used again.
  incoming.resume();
  const exchange = begun(serving, client, coming, { method, target, rawHeaders });
  const tell = (): void => {
    try {
      onServed(new ToldRequest(coming, exchange, client, steadyClock.now()));
    } finally {
      wave.end();
    }
  };
  if (exchange === undefined || client.status !== 0) tell();
  else serveRequest(serving, exchange).then(tell, unexpected);
}

/** Answering reports what goes wrong in other ways, so this is a bug and ends the process. */
function unexpected(error: unknown): never {
  throw error;
}

/** @returns a request for an object, which is answered already where it came in a loop. */
function begun(
  serving: Serving,
  client: HttpClient,
  coming: Coming,
  raw: RawRequest,
): Exchange | undefined {
  const address = readAddress(raw);
  switch (address.operation) {
    case 'refuse':
      refuse(client, coming, address, raw.target);
      return undefined;
    case 'preflight':
      answerPreflight(serving, client, coming, address);
      return undefined;
    case 'read': {
      const { request } = address;
      if (isLoop(request.headers, serving.name)) {
        refuse(client, coming, LOOP, `/${request.key}`);
      }
      return new ObjectExchange(coming, request, client, serving.fills.now);
    }
  }
}

function answerPreflight(
  serving: Serving,
  client: HttpClient,
  coming: Coming,
  { request, ask }: Extract<Address, { readonly operation: 'preflight' }>,
): void {
  const rule = request && matchRequest(serving.inForce().rules, request, 404);
  const answer = preflight(ask, rule?.response);
  if (answer.status === 204) {
    client.head(204, answer.headers);
    client.end();
    return;
  }
  refuse(client, coming, answer, `/${request?.key ?? ''}`);
}

const LOOP: Omit<Refusal, 'operation'> = {
  status: LOOP_STATUS,
  code: 'LOOP_DETECTED',
  message: 'this request went through this proxy before: an origin of its rules leads back to it',
};

function refuse(
  client: HttpClient,
  { method, id: requestId }: Coming,
  { status, code, message, headers }: Omit<Refusal, 'operation'>,
  resource: string,
): void {
  const answer = errorAnswer(method, { status, code, message, headers, resource, requestId });
  client.head(answer.status, answer.headers);
  client.end(answer.body);
}
