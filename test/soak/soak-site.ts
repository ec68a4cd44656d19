import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SoakObjects, Version } from './soak-objects.ts';

/** An origin of {@link SoakObjects} that goes wrong now and then. */
export interface SoakSite {
  /** Base URL with its final slash. */
  readonly url: string;
  readonly requests: () => number;
  readonly faults: () => number;
  /** One answer in so many goes wrong from now on; 0: none. */
  readonly misbehave: (oneIn: number) => void;
  /** Ends the connections on which nothing is under way. */
  readonly closeIdle: () => void;
  readonly close: () => Promise<void>;
}

/** Bodies leave in pieces of this size; of large ones there is a pause after each. */
const PIECE_BYTES = 256 * 1024;
const PAUSE_MS = 2;
/** A stalled answer's connection is given up after so long. */
const STALL_MS = 4000;

/** What goes wrong with a body on its way. */
type Break = 'none' | 'end' | 'reset' | 'stall' | 'surplus';

export async function startSoakSite(objects: SoakObjects, chance: () => number): Promise<SoakSite> {
  const state = { requests: 0, faults: 0, oneIn: 0 };
  const isStruck = (): boolean => {
    const struck = state.oneIn > 0 && chance() < 1 / state.oneIn;
    if (struck) state.faults += 1;
    return struck;
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    state.requests += 1;
    const version = objects.current((request.url ?? '').slice(1));
    if (isStruck() && spoilHead(chance(), request, response)) return;
    if (version === undefined) {
      response.writeHead(404).end();
      return;
    }
    const bytes = begin(objects, version, request, response);
    if (request.method === 'HEAD') response.end();
    else if (isStruck()) await send(response, bytes, breakOf(chance()), chance());
    else await send(response, bytes, 'none', 1);
  };
  const server = createServer({ keepAliveTimeout: 20_000 }, (request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}/`,
    requests: () => state.requests,
    faults: () => state.faults,
    misbehave: (oneIn) => {
      state.oneIn = oneIn;
    },
    closeIdle: () => {
      server.closeIdleConnections();
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Sends the head. @returns the bytes that are to come */
function begin(
  objects: SoakObjects,
  { key, bytes, etag }: Version,
  request: IncomingMessage,
  response: ServerResponse,
): Buffer {
  const { framing, ranges } = objects.manner(key);
  const part = ranges ? partOf(request, etag, bytes.length) : undefined;
  const validators = etag === undefined ? {} : { etag };
  if (part !== undefined) {
    const { first, last } = part;
    response.writeHead(206, {
      ...validators,
      'content-length': last + 1 - first,
      'content-range': `bytes ${first}-${last}/${bytes.length}`,
    });
    return bytes.subarray(first, last + 1);
  }
  if (framing === 'close') {
    response.useChunkedEncodingByDefault = false;
    response.shouldKeepAlive = false;
  }
  const length = framing === 'length' ? { 'content-length': bytes.length } : {};
  response.writeHead(200, { ...validators, ...length });
  return bytes;
}

function partOf(
  { headers }: IncomingMessage,
  etag: string | undefined,
  size: number,
): { readonly first: number; readonly last: number } | undefined {
  const asked = /^bytes=(\d+)-(\d*)$/.exec(headers['range'] ?? '');
  const condition = headers['if-range'];
  if (asked === null || (condition !== undefined && condition !== etag)) return undefined;
  const first = Number(asked[1]);
  const last = Math.min(asked[2] === '' ? Infinity : Number(asked[2]), size - 1);
  return first <= last ? { first, last } : undefined;
}

/** @param share of the body that comes before it breaks off, in [0, 1) */
async function send(out: ServerResponse, bytes: Buffer, how: Break, share: number): Promise<void> {
  const isWhole = how === 'none' || how === 'surplus';
  const end = isWhole ? bytes.length : Math.floor(bytes.length * share);
  for (let at = 0; at < end && !out.destroyed; at += PIECE_BYTES) {
    if (!out.write(bytes.subarray(at, Math.min(at + PIECE_BYTES, end)))) await drained(out);
    if (bytes.length > 4 * PIECE_BYTES) await new Promise((done) => setTimeout(done, PAUSE_MS));
  }
  finish(out, how);
}

function finish(out: ServerResponse, how: Break): void {
  const { socket } = out;
  switch (how) {
    case 'none':
      out.end();
      return;
    case 'end':
      socket?.end();
      return;
    case 'reset':
      socket?.resetAndDestroy();
      return;
    case 'stall':
      setTimeout(() => out.destroy(), STALL_MS).unref();
      return;
    case 'surplus':
      out.end(() => socket?.end('surplus'));
  }
}

async function drained(out: ServerResponse): Promise<void> {
  await new Promise<void>((resolve) => {
    const go = (): void => {
      out.off('drain', go).off('close', go);
      resolve();
    };
    out.on('drain', go).on('close', go);
  });
}

function breakOf(chance: number): Break {
  if (chance < 0.35) return 'end';
  if (chance < 0.7) return 'reset';
  return chance < 0.85 ? 'stall' : 'surplus';
}

/** @returns whether that was the answer */
function spoilHead(
  chance: number,
  { headers }: IncomingMessage,
  response: ServerResponse,
): boolean {
  const { socket } = response;
  if (chance < 0.25) response.writeHead(500).end('broken');
  else if (chance < 0.4) response.writeHead(503, { 'retry-after': '0' }).end('busy');
  else if (chance < 0.5) response.writeHead(429).end('busy');
  // To a range that begins there it would be the truth, or a lie that nobody could tell from it.
  else if (chance < 0.6 && headers.range?.startsWith('bytes=1-') !== true)
    response.writeHead(206, { 'content-range': 'bytes 1-2/9' }).end('ab');
  else if (chance < 0.75) socket?.resetAndDestroy();
  else if (chance < 0.85) socket?.end('this is no HTTP\r\n\r\n');
  else if (chance < 0.9) setTimeout(() => response.destroy(), STALL_MS).unref();
  else return false;
  return true;
}
