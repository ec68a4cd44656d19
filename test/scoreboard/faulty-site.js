import { Buffer } from 'node:buffer';
import { createServer } from 'node:http';

/**
 * What a site does with a request for one object: `answer` says it, `turn` counts the GETs of that
 * object from 0.
 * @typedef {(call: { request: import('node:http').IncomingMessage,
 *   response: import('node:http').ServerResponse, turn: number }) => void} Behaviour
 */

const LAST_MODIFIED = 'Fri, 20 Nov 2026 04:00:00 GMT';

/**
 * Starts a site on a loopback port. A path is decoded once to find its key; folders answer with an
 * index of links, as nginx and Apache make them.
 * @param {Map<string, Behaviour>} objects by key
 * @param {Map<string, readonly string[]>} [indexes] links of each folder, by its path; without it
 *   the root links to every key
 */
export async function startSite(objects, indexes) {
  const turns = new Map();
  const gets = [];
  const server = createServer((request, response) => {
    const raw = request.url ?? '';
    const key = decoded(raw.slice(1).replace(/\?.*$/s, ''));
    const links = (indexes ?? rootIndex(objects)).get(raw);
    if (links !== undefined) {
      sendIndex(response, links);
      return;
    }
    const behaviour = objects.get(key);
    if (behaviour === undefined) {
      response.writeHead(404).end();
      return;
    }
    const turn = turns.get(key) ?? 0;
    if (request.method === 'GET') {
      turns.set(key, turn + 1);
      gets.push(key);
      onGet?.();
    }
    behaviour({ request, response, turn });
  });
  let onGet;
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    gets,
    /** Calls `listener` at every GET of an object from now on. */
    watch: (listener) => {
      onGet = listener;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function decoded(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function rootIndex(objects) {
  return new Map([['/', [...objects.keys()].map((key) => encodeURIComponent(key))]]);
}

function sendIndex(response, links) {
  const anchors = links.map((link) => `<a href="${link}">${link}</a>\n`).join('');
  const page = `<html><head><title>Index of /</title></head><body>\n${anchors}</body></html>\n`;
  response.writeHead(200, { 'content-type': 'text/html' }).end(page);
}

const fields = (bytes, more = {}) => ({
  'content-length': bytes.length,
  'content-type': 'application/octet-stream',
  'last-modified': LAST_MODIFIED,
  'accept-ranges': 'bytes',
  ...more,
});

/** Sends the object as a correct server would; Range is honoured. */
export function whole(bytes, more = {}) {
  return ({ request, response }) => {
    const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
    if (from === undefined) {
      response.writeHead(200, fields(bytes, more)).end(request.method === 'HEAD' ? '' : bytes);
      return;
    }
    const range = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
    const rest = bytes.subarray(Number(from));
    response.writeHead(206, { ...fields(rest, more), 'content-range': range }).end(rest);
  };
}

/** Declares the whole length and hangs up half-way. */
export function cutHalf(bytes, more = {}) {
  return (call) => {
    if (call.request.method === 'HEAD') {
      whole(bytes, more)(call);
      return;
    }
    const { response } = call;
    response.writeHead(200, fields(bytes, more));
    response.write(bytes.subarray(0, bytes.length >> 1), () => response.socket?.end());
  };
}

/** Sends chunks, and hangs up where the last one, which ends the body, is due. */
export function withoutLastChunk(bytes) {
  return ({ request, response }) => {
    response.writeHead(200, { 'last-modified': LAST_MODIFIED, 'transfer-encoding': 'chunked' });
    if (request.method === 'HEAD') response.end();
    else response.write(bytes.subarray(0, bytes.length >> 1), () => response.socket?.end());
  };
}

/** Ends the body by closing the connection, after `length` bytes. */
export function closeAfter(bytes, length) {
  return ({ request }) => {
    const head = `HTTP/1.1 200 OK\r\nlast-modified: ${LAST_MODIFIED}\r\nconnection: close\r\n\r\n`;
    const body = request.method === 'HEAD' ? Buffer.alloc(0) : bytes.subarray(0, length);
    request.socket.end(Buffer.concat([Buffer.from(head), body]));
  };
}

/** Answers a request for the rest with as many bytes, from the object's beginning. */
export function wrongRange(bytes, more = {}) {
  return (call) => {
    const { request, response } = call;
    const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
    if (from === undefined) {
      whole(bytes, more)(call);
      return;
    }
    const rest = bytes.subarray(0, bytes.length - Number(from));
    const range = `bytes 0-${rest.length - 1}/${bytes.length}`;
    response.writeHead(206, { ...fields(rest, more), 'content-range': range }).end(rest);
  };
}

/** The first GET gets one behaviour, later ones another. HEAD gets the first. */
export function first(one, others) {
  return (call) => {
    const isFirst = call.request.method === 'HEAD' || call.turn === 0;
    (isFirst ? one : others)(call);
  };
}

/** Sends half, waits, sends the rest: so that a kill finds objects half-way. */
export function slowly(bytes, pauseMs) {
  return (call) => {
    if (call.request.method === 'HEAD') {
      whole(bytes)(call);
      return;
    }
    const half = bytes.length >> 1;
    call.response.writeHead(200, fields(bytes));
    call.response.write(bytes.subarray(0, half));
    globalThis.setTimeout(() => call.response.end(bytes.subarray(half)), pauseMs);
  };
}
