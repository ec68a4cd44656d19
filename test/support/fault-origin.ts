import { once } from 'node:events';
import {
  createServer as createTcpServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  bodyBytes,
  headBytes,
  scriptedAnswer,
  type BreakOff,
  type FaultAnswer,
  type FaultScript,
} from './fault-origin-script.ts';

/** A request as it came over the wire. */
export interface RecordedRequest {
  readonly method: string;
  /** As in the request line. */
  readonly path: string;
  /** Lower-case names; repeated ones are joined with `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Which connection brought it, from 0. */
  readonly connection: number;
}

/** A server on a loopback port that does to each path what its script says, right or wrong. */
export interface FaultOrigin {
  /** `http://127.0.0.1:port`, or `https://localhost:port` with TLS. */
  readonly url: string;
  readonly port: number;
  /** Everything asked so far, in order of arrival. */
  readonly requests: readonly RecordedRequest[];
  /** How many connections were opened. */
  readonly connections: () => number;
  /** Bytes written to open connections so far. */
  readonly bytesSent: () => number;
  /** Sets what a raw path answers, from its next request on. */
  script(path: string, script: FaultScript | FaultAnswer | readonly FaultAnswer[]): void;
  /** The requests for one raw path. */
  requestsFor(path: string): readonly RecordedRequest[];
  /** Ends idle and busy connections, as a server does that restarts. */
  dropConnections(): void;
  close(): Promise<void>;
}

/** What paths without a script answer. */
const NOT_SCRIPTED: FaultAnswer = { status: 404, body: 'not scripted' };

/** Starts a fault origin; with `tls` it speaks HTTPS. */
export async function faultOrigin(
  options: { readonly tls?: TlsOptions } = {},
): Promise<FaultOrigin> {
  const scripts = new Map<string, FaultScript>();
  const asked = new Map<string, number>();
  const requests: RecordedRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;

  const answerTo = (request: RecordedRequest): FaultAnswer => {
    requests.push(request);
    const turn = `${request.method} ${request.path}`;
    const index = asked.get(turn) ?? 0;
    asked.set(turn, index + 1);
    const script = scripts.get(request.path);
    const known = script?.ifNoneMatch?.[request.headers['if-none-match'] ?? ''];
    if (script === undefined) return NOT_SCRIPTED;
    return known ?? scriptedAnswer(script, request.method, index);
  };
  const onConnection = (socket: Socket): void => {
    const connection = connections++;
    serveConnection(
      socket.on('error', () => undefined),
      connection,
      answerTo,
    );
  };

  const server: Server =
    options.tls === undefined
      ? createTcpServer({ noDelay: true }, onConnection)
      : createTlsServer(options.tls, onConnection).on('tlsClientError', () => undefined);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', () => undefined).on('close', () => sockets.delete(socket)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const dropConnections = (): void => {
    for (const socket of sockets) socket.destroy();
  };

  return {
    url:
      options.tls === undefined
        ? `http://127.0.0.1:${String(port)}`
        : `https://localhost:${String(port)}`,
    port,
    requests,
    connections: () => connections,
    bytesSent: () => [...sockets].reduce((sum, socket) => sum + socket.bytesWritten, 0),
    script: (path, script) => {
      scripts.set(path, 'get' in script ? script : { get: script });
      for (const method of ['GET', 'HEAD']) asked.delete(`${method} ${path}`);
    },
    requestsFor: (path) => requests.filter((request) => request.path === path),
    dropConnections,
    close: async () => {
      if (!server.listening) return;
      dropConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function serveConnection(
  socket: Socket,
  connection: number,
  answerTo: (request: RecordedRequest) => FaultAnswer,
): void {
  let rest = Buffer.alloc(0);
  let busy = false;
  let open = true;
  const work = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    for (let next = takeRequest(rest); open && next !== undefined; next = takeRequest(rest)) {
      rest = next.rest;
      const request = { ...next.request, connection };
      open = await sendAnswer(socket, request.method, answerTo(request));
    }
    busy = false;
  };
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    work().catch(() => socket.destroy());
  });
}

/** The first whole request in `bytes`, if there is one. */
function takeRequest(
  bytes: Buffer<ArrayBuffer>,
): { request: Omit<RecordedRequest, 'connection'>; rest: Buffer<ArrayBuffer> } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const [requestLine = '', ...fields] = bytes.toString('latin1', 0, headEnd).split('\r\n');
  const [method = '', path = ''] = requestLine.split(' ');
  const headers: Record<string, string> = {};
  for (const field of fields) {
    const colon = field.indexOf(':');
    const name = field.slice(0, colon).toLowerCase();
    const value = field.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  const bodyEnd = headEnd + 4 + Number(headers['content-length'] ?? 0);
  if (bytes.length < bodyEnd) return undefined;
  const body = bytes.subarray(headEnd + 4, bodyEnd);
  return { request: { method, path, headers, body }, rest: bytes.subarray(bodyEnd) };
}

/** @returns whether the connection can carry another request. */
async function sendAnswer(socket: Socket, method: string, answer: FaultAnswer): Promise<boolean> {
  if (answer.delayMs !== undefined) await sleep(answer.delayMs);
  const head = headBytes(answer);
  if (answer.cutHead !== undefined) {
    await write(socket, head.subarray(0, answer.cutHead.afterBytes));
    return breakOff(socket, answer.cutHead.how);
  }
  const bodiless = method === 'HEAD' || [204, 304].includes(answer.status ?? 200);
  if (bodiless) await write(socket, head);
  else if (!(await sendWithBody(socket, head, answer))) return false;
  if (answer.framing !== 'close' && answer.hangUp !== true) return true;
  socket.end();
  return false;
}

async function sendWithBody(socket: Socket, head: Buffer, answer: FaultAnswer): Promise<boolean> {
  if (answer.drip === undefined && answer.cutBody === undefined) {
    const body = framed(answer, bodyBytes(answer));
    await write(socket, Buffer.concat([head, body, lastChunk(answer)]));
    return true;
  }
  await write(socket, head);
  await sendBody(socket, answer);
  if (answer.cutBody !== undefined) return breakOff(socket, answer.cutBody.how);
  await write(socket, lastChunk(answer));
  return true;
}

async function sendBody(socket: Socket, answer: FaultAnswer): Promise<void> {
  const body = bodyBytes(answer).subarray(0, answer.cutBody?.afterBytes);
  const step = answer.drip?.bytes ?? Math.max(1, body.length);
  for (let at = 0; at < body.length && !socket.destroyed; at += step) {
    if (answer.drip !== undefined) await sleep(answer.drip.everyMs);
    await write(socket, framed(answer, body.subarray(at, at + step)));
  }
}

function framed(answer: FaultAnswer, piece: Buffer): Buffer {
  if (answer.framing !== 'chunked' || piece.length === 0) return piece;
  return Buffer.concat([
    Buffer.from(`${piece.length.toString(16)}\r\n`),
    piece,
    Buffer.from('\r\n'),
  ]);
}

function lastChunk(answer: FaultAnswer): Buffer {
  return Buffer.from(answer.framing === 'chunked' ? '0\r\n\r\n' : '');
}

async function write(socket: Socket, bytes: Buffer): Promise<void> {
  if (bytes.length === 0 || socket.destroyed) return;
  await new Promise<void>((resolve) => {
    socket.write(bytes, () => {
      resolve();
    });
  });
}

function breakOff(socket: Socket, how: BreakOff): boolean {
  if (how === 'end') socket.end();
  // What was written is given a moment to be read: a reset overtakes it otherwise.
  else if (how === 'reset') setTimeout(() => socket.resetAndDestroy(), 20);
  return false;
}
