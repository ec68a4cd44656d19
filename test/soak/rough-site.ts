import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** How an object's end is told, and how large it is. */
type Kind = 'small' | 'chunked' | 'close' | 'large';

interface RoughObject {
  readonly kind: Kind;
  readonly bytes: Buffer;
  readonly etag: string;
}

/** A site of small, unknown-length and large objects that can be made to misbehave. */
export interface RoughSite {
  readonly url: string;
  readonly keys: readonly string[];
  /** Key to SHA-256, hex. */
  readonly digests: ReadonlyMap<string, string>;
  /** Bytes of bodies that a client asked for again although they had been sent to it before. */
  readonly refetchedBytes: () => number;
  /** Where each request for the rest of an object began. */
  readonly rangeStarts: readonly number[];
  /** From now on one answer in so many goes wrong; 0: none. */
  readonly misbehave: (oneIn: number) => void;
  readonly close: () => Promise<void>;
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** Bodies leave in pieces of this size, with a pause after each, so that a kill meets them half-way. */
const PIECE_BYTES = 256 * KIB;
const PAUSE_MS = 3;

/** @param large how many objects of 16 MiB and more there are among `count` */
export async function startRoughSite(
  seed: string,
  count: number,
  large: number,
  chance: () => number,
): Promise<RoughSite> {
  const objects = new Map(
    Array.from({ length: count }, (_, index) => [
      `d${String(index % 5)}/o-${String(index).padStart(4, '0')}`,
      makeObject(`${seed}/${String(index)}`, index < large ? 'large' : kindOf(index)),
    ]),
  );
  /** Up to where each object was sent, by key. */
  const reached = new Map<string, number>();
  let refetched = 0;
  const rangeStarts: number[] = [];
  let oneIn = 0;

  const send = async (key: string, object: RoughObject, from: number, out: ServerResponse) => {
    refetched += Math.max(0, (reached.get(key) ?? 0) - from);
    const cutAt =
      oneIn > 0 && chance() < 1 / oneIn ? Math.floor(chance() * object.bytes.length) : Infinity;
    let at = from;
    reached.set(key, at);
    for (; at < object.bytes.length && !out.destroyed; at += PIECE_BYTES) {
      if (at >= cutAt) {
        out.socket?.resetAndDestroy();
        return;
      }
      const piece = object.bytes.subarray(at, at + PIECE_BYTES);
      if (!out.write(piece)) await drained(out);
      reached.set(key, Math.min(at + PIECE_BYTES, object.bytes.length));
      if (object.kind === 'large') await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    out.end();
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const key = (request.url ?? '').slice(1);
    const object = objects.get(key);
    if (object === undefined) {
      response.writeHead(404).end();
      return;
    }
    if (oneIn > 0 && chance() < 1 / oneIn) {
      misbehaviour(chance(), request.socket, response);
      return;
    }
    const range = /^bytes=(\d+)-$/.exec(request.headers['range'] ?? '');
    const from = request.headers['if-range'] === object.etag ? Number(range?.[1] ?? 0) : 0;
    if (from > 0) rangeStarts.push(from);
    begin(object, from, response);
    // A look at what was sent already: no byte is asked for again.
    if (request.method === 'HEAD') response.end();
    else await send(key, object, from, response);
  };

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}/`,
    keys: [...objects.keys()],
    digests: new Map(
      Array.from(objects, ([key, { bytes }]) => [
        key,
        createHash('sha256').update(bytes).digest('hex'),
      ]),
    ),
    refetchedBytes: () => refetched,
    rangeStarts,
    misbehave: (every) => {
      oneIn = every;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
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

/** Sends the head of an object's bytes from `from` on. */
function begin({ kind, bytes, etag }: RoughObject, from: number, response: ServerResponse): void {
  const length = { 'content-length': bytes.length - from };
  const range = { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` };
  if (kind === 'close') response.useChunkedEncodingByDefault = false;
  response.writeHead(from > 0 ? 206 : 200, {
    etag,
    ...(kind === 'small' || kind === 'large' ? length : {}),
    ...(kind === 'close' ? { connection: 'close' } : {}),
    ...(from > 0 ? range : {}),
  });
}

function kindOf(index: number): Kind {
  return index % 10 === 3 ? 'chunked' : index % 10 === 7 ? 'close' : 'small';
}

function makeObject(seed: string, kind: Kind): RoughObject {
  const hash = createHash('sha256').update(seed).digest();
  const spread = hash.readUInt32BE(0);
  const size = {
    small: spread % (40 * KIB),
    chunked: spread % (300 * KIB),
    close: spread % (20 * KIB),
    large: 24 * MIB + (spread % (8 * MIB)),
  }[kind];
  const etag = `"${hash.toString('hex', 0, 8)}"`;
  // No part of it looks like another part.
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at += 8) {
    const value = (BigInt(spread) << 32n) | BigInt(at);
    if (at + 8 <= size) bytes.writeBigUInt64BE(value, at);
    else bytes.fill(hash, at);
  }
  return { kind, bytes, etag };
}

function misbehaviour(chance: number, socket: Socket, response: ServerResponse): void {
  if (chance < 0.3) response.writeHead(500).end('broken');
  else if (chance < 0.6) response.writeHead(503, { 'retry-after': '0' }).end('busy');
  else socket.resetAndDestroy();
}
