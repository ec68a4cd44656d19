/* global URL */
import { Buffer } from 'node:buffer';
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

import { endWithUs, stop } from './serve-process.js';

const TAKEN = '<Error><Code>PreconditionFailed</Code><Message>taken</Message></Error>';
const LISTING = '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>';

/** What it knows of the objects: their sizes, ETags and when they were whole. */
function openStore() {
  let objects = new Map();
  const uploads = new Map();
  const keep = (name, object) => {
    objects.set(name, { ...object, storedAtMs: Date.now() });
    return object.etag;
  };
  return {
    find: (name) => objects.get(name),
    remove: (name) => objects.delete(name),
    put: (name, bytes, etag) => keep(name, { bytes, etag }),
    begin: (name) => uploads.set(name, []),
    addPart: (name, number, bytes, sum) => (uploads.get(name)[number - 1] = { bytes, sum }),
    complete: (name) => {
      const parts = uploads.get(name);
      uploads.delete(name);
      const md5 = createHash('md5').update(Buffer.concat(parts.map(({ sum }) => sum)));
      const bytes = parts.reduce((all, part) => all + part.bytes, 0);
      return keep(name, { bytes, etag: `"${md5.digest('hex')}-${parts.length}"` });
    },
    reset: () => (objects = new Map()),
    told: () =>
      Array.from(objects)
        .filter(([name]) => !name.startsWith('/bucket/.'))
        .map(([, { bytes, storedAtMs }]) => ({ bytes, storedAtMs })),
  };
}

/** Takes a request whose body was read, and answers it. */
function answer(store, request, response, bytes) {
  const { pathname, searchParams } = new URL(request.url, 'http://sink');
  const send = (status, headers, body = '') =>
    response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...headers }).end(body);
  const sum = Buffer.from(request.headers['content-md5'] ?? '', 'base64');
  const ofSum = `"${sum.length > 0 ? sum.toString('hex') : '0'}"`;
  const part = searchParams.get('partNumber');
  const isBucket = /^\/bucket\/?$/.test(pathname);
  const found = store.find(pathname);
  const does = {
    GET: () => (isBucket ? send(200, {}, LISTING) : send(404, {})),
    HEAD: () => {
      if (isBucket) return send(200, {});
      if (found === undefined) return send(404, {});
      return send(200, { etag: found.etag, 'content-length': found.bytes });
    },
    DELETE: () => {
      store.remove(pathname);
      send(204, {});
    },
    POST: () => {
      if (!searchParams.has('uploads')) {
        const etag = store.complete(pathname);
        const told = `<ETag>${etag}</ETag>`;
        const done = `<CompleteMultipartUploadResult>${told}</CompleteMultipartUploadResult>`;
        return send(200, {}, done);
      }
      store.begin(pathname);
      const told = '<UploadId>u</UploadId>';
      return send(
        200,
        {},
        `<InitiateMultipartUploadResult>${told}</InitiateMultipartUploadResult>`,
      );
    },
    PUT: () => {
      if (isBucket) return send(200, {});
      if (found !== undefined && request.headers['if-none-match'] === '*')
        return send(412, {}, TAKEN);
      if (part === null) return send(200, { etag: store.put(pathname, bytes, ofSum) });
      store.addPart(pathname, Number(part), bytes, sum);
      return send(200, { etag: ofSum });
    },
  };
  does[request.method]();
}

async function serve() {
  const store = openStore();
  const server = createServer((request, response) => {
    let bytes = 0;
    request.on('data', (chunk) => (bytes += chunk.length));
    request.on('end', () => answer(store, request, response, bytes));
  });
  server.keepAliveTimeout = 60_000;
  process.on('disconnect', () => process.exit());
  process.on('message', (message) => {
    const told = store.told();
    if (message === 'reset') store.reset();
    process.send?.(told);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  process.send?.(server.address().port);
}

/**
 * Starts an S3 bucket in a process of its own that reads every body to its end, counts its bytes
 * and drops them; it takes parts too, and remembers what a HEAD is to say.
 */
export async function startYardSink() {
  const child = fork(OWN_FILE);
  endWithUs(child);
  const [port] = await once(child, 'message');
  const ask = async (what) => {
    child.send(what);
    const [told] = await once(child, 'message');
    return told;
  };
  return {
    url: `http://127.0.0.1:${port}`,
    /** Forgets what was stored. */
    reset: () => ask('reset'),
    /** What was stored since then, with the times at which each object was whole. */
    stored: async () => {
      const told = await ask('told');
      return {
        objects: told.length,
        bytes: told.reduce((all, { bytes }) => all + bytes, 0),
        timesMs: told.map(({ storedAtMs }) => storedAtMs).sort((a, b) => a - b),
      };
    },
    close: () => stop(child),
  };
}

const OWN_FILE = fileURLToPath(import.meta.url);
if (process.argv[1] === OWN_FILE) await serve();
