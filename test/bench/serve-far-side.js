/* global URL */
import { Buffer } from 'node:buffer';
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

import { pieceAt } from './serve-pattern.js';
import { stop } from './serve-process.js';

/** Sends a body of the pattern at the client's pace. */
function send(response, bytes) {
  let at = 0;
  const go = () => {
    while (at < bytes) {
      const piece = pieceAt(at, bytes - at);
      at += piece.length;
      if (!response.write(piece)) return;
    }
    response.end();
  };
  response.on('drain', go);
  go();
}

/** Has every key; its size in MiB is the key's first part. Counts the requests for a body. */
function originServer(counts) {
  return createServer((request, response) => {
    const bytes = Number(/^\/(\d+)/.exec(request.url)?.[1]) * 1024 ** 2;
    response.writeHead(200, { 'content-length': bytes, etag: '"v1"' });
    if (request.method === 'HEAD') return response.end();
    counts.originGets += 1;
    send(response, bytes);
  });
}

const metadataOf = ({ headers }) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-')));

/** Knows of each object its length and metadata, and gives the pattern as its bytes. */
function storeServer(counts) {
  const objects = new Map();
  const uploads = new Map();

  const read = ({ method }, response, pathname) => {
    if (pathname === '/bucket') return response.writeHead(200, { 'content-length': 0 }).end();
    const object = objects.get(pathname);
    if (object === undefined) {
      const error = method === 'HEAD' ? '' : '<Error><Code>NoSuchKey</Code></Error>';
      return response.writeHead(404, { 'content-length': error.length }).end(error);
    }
    const { bytes, etag, metadata } = object;
    response.writeHead(200, { 'content-length': bytes, etag, ...metadata });
    if (method === 'HEAD') return response.end();
    counts.bucketGets += 1;
    return send(response, bytes);
  };

  const start = (pathname, request) => {
    uploads.set(pathname, { metadata: metadataOf(request), parts: [] });
    return '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>';
  };

  const complete = (pathname) => {
    const { metadata, parts } = uploads.get(pathname);
    const sums = Buffer.concat(parts.map(({ sum }) => sum));
    const etag = `"${createHash('md5').update(sums).digest('hex')}-${parts.length}"`;
    const bytes = parts.reduce((all, part) => all + part.bytes, 0);
    objects.set(pathname, { bytes, etag, metadata });
    counts.stored += bytes;
    return `<CompleteMultipartUploadResult><ETag>${etag}</ETag></CompleteMultipartUploadResult>`;
  };

  /** @returns the headers of the answer to a PUT of these bytes. */
  const put = (pathname, request, bytes, part) => {
    const sum = Buffer.from(request.headers['content-md5'] ?? '', 'base64');
    const etag = `"${sum.toString('hex')}"`;
    if (part === null) {
      objects.set(pathname, { bytes, etag, metadata: metadataOf(request) });
      // The check at the start writes an object of its own.
      if (!pathname.startsWith('/bucket/.')) counts.stored += bytes;
    } else uploads.get(pathname).parts[Number(part) - 1] = { sum, bytes };
    return { etag };
  };

  return createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://store');
    const answer = (status, headers, body = '') =>
      response.writeHead(status, { ...headers, 'content-length': body.length }).end(body);
    let bytes = 0;
    request.on('data', (chunk) => (bytes += chunk.length));
    request.on('end', () => {
      if (request.method === 'PUT') {
        answer(200, put(pathname, request, bytes, searchParams.get('partNumber')));
      } else if (request.method === 'POST') {
        const isStart = searchParams.has('uploads');
        answer(200, {}, isStart ? start(pathname, request) : complete(pathname));
      } else if (request.method === 'DELETE') {
        objects.delete(pathname);
        answer(204, {});
      } else if (pathname === '/bucket' && request.method === 'GET') {
        answer(200, {}, '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>');
      } else read(request, response, pathname);
    });
  });
}

async function serve() {
  const counts = { originGets: 0, bucketGets: 0, stored: 0 };
  const servers = [originServer(counts), storeServer(counts)];
  for (const server of servers) {
    server.keepAliveTimeout = 60_000;
    await once(server.listen(0, '127.0.0.1'), 'listening');
  }
  process.on('disconnect', () => process.exit());
  process.on('message', () => process.send?.({ ...counts }));
  const [origin, bucket] = servers.map((server) => `http://127.0.0.1:${server.address().port}`);
  process.send?.({ origin, bucket });
}

/**
 * Starts an origin and an S3 store in one process: bodies of any length that cost no memory and
 * little time.
 */
export async function startLargeFarSide() {
  const child = fork(OWN_FILE);
  const [{ origin, bucket }] = await once(child, 'message');
  return {
    origin,
    bucket,
    /** Requests for bodies so far, and bytes of objects that were stored. */
    counts: async () => {
      child.send('counts');
      const [counts] = await once(child, 'message');
      return counts;
    },
    close: () => stop(child),
  };
}

const OWN_FILE = fileURLToPath(import.meta.url);
if (process.argv[1] === OWN_FILE) await serve();
