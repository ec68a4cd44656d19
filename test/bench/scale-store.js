import { Buffer } from 'node:buffer';
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import process from 'node:process';
import { fileURLToPath, URL } from 'node:url';

/** Objects in a page, as in S3. */
const PAGE_KEYS = 1000;

const DIGITS = 8;
const PATTERN = /^archive\/2024\/(\d{4})\/photo-(\d{8})-large\.jpg$/;

/** The key of that number; keys sort as their numbers do. */
export function keyOf(number) {
  const digits = String(number).padStart(DIGITS, '0');
  return `archive/2024/${digits.slice(0, 4)}/photo-${digits}-large.jpg`;
}

/** The number of a key of the series, or of the name that HEAD and PUT carry. */
function numberOf(key) {
  const [, , digits] = PATTERN.exec(key) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** Where a listing behind `after` starts. */
function numberBehind(after, total) {
  const number = numberOf(after);
  if (number !== undefined) return number + 1;
  return after < keyOf(0) ? 0 : total;
}

const DATE = new Date(0);
const ETAG = '"d41d8cd98f00b204e9800998ecf8427e"';
const CONTENT =
  `</Key><LastModified>${DATE.toISOString()}</LastModified><ETag>&quot;${ETAG.slice(1, -1)}&quot;</ETag>` +
  '<Size>1024</Size><StorageClass>STANDARD</StorageClass></Contents>';

function serve(total, present) {
  const isThere = Buffer.alloc(total);
  isThere.fill(1, 0, present);
  const others = new Map();
  const counts = { listings: 0, heads: 0, puts: 0, stored: 0 };
  let isWatching = true;

  const list = (query) => {
    counts.listings += 1;
    const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
    const prefix = query.get('prefix') ?? '';
    const keys = [];
    let number = prefix === '' ? numberBehind(after, total) : total;
    while (
      keys.length < PAGE_KEYS &&
      (number = isThere.indexOf(1, number)) >= 0 &&
      number < total
    ) {
      keys.push(keyOf(number));
      number += 1;
    }
    const goesOn = keys.length === PAGE_KEYS && isThere.indexOf(1, number) >= 0;
    const token = goesOn ? `<NextContinuationToken>${keys.at(-1)}</NextContinuationToken>` : '';
    return (
      `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult><Name>bucket</Name><EncodingType>url</EncodingType>` +
      `<KeyCount>${keys.length}</KeyCount><MaxKeys>${PAGE_KEYS}</MaxKeys><IsTruncated>${goesOn}</IsTruncated>${token}` +
      `${keys.map((key) => `<Contents><Key>${key}${CONTENT}`).join('')}</ListBucketResult>`
    );
  };

  /** The ETag of what is there under a key; undefined where nothing is. */
  const look = (key) => {
    const number = numberOf(key);
    if (number === undefined) return others.get(key);
    return isThere[number] === 1 ? ETAG : undefined;
  };

  const put = (key, etag) => {
    const number = numberOf(key);
    counts.puts += 1;
    if (number === undefined) {
      others.set(key, etag);
      return;
    }
    if (isThere[number] === 0) counts.stored += 1;
    isThere[number] = 1;
    if (isWatching) process.send?.({ storedAtMs: Date.now() });
    isWatching = false;
  };

  const server = createServer((request, response) => {
    const answer = (status, headers, body = '') => {
      const length = { 'content-length': Buffer.byteLength(body) };
      response.writeHead(status, { ...length, ...headers }).end(body);
    };
    const { pathname, searchParams } = new URL(request.url, 'http://store');
    const key = decodeURIComponent(pathname.replace(/^\/bucket\/?/, ''));
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      if (request.method === 'GET') {
        answer(200, { 'content-type': 'application/xml' }, list(searchParams));
        return;
      }
      if (request.method === 'DELETE') {
        others.delete(key);
        answer(204, {});
        return;
      }
      const there = key === '' ? ETAG : look(key);
      if (request.method === 'HEAD') {
        counts.heads += 1;
        const size = { etag: there, 'content-length': 1024, 'last-modified': DATE.toUTCString() };
        answer(there === undefined ? 404 : 200, there === undefined ? {} : size);
        return;
      }
      if (there !== undefined && request.headers['if-none-match'] === '*') {
        const why = '<Error><Code>PreconditionFailed</Code><Message>taken</Message></Error>';
        answer(412, { 'content-type': 'application/xml' }, why);
        return;
      }
      const md5 = createHash('md5');
      for (const chunk of chunks) md5.update(chunk);
      const etag = `"${md5.digest('hex')}"`;
      put(key, etag);
      answer(200, { etag });
    });
  });
  process.on('message', (message) => {
    if (message === 'watch') isWatching = true;
    if (message === 'counts') process.send?.({ counts: { ...counts } });
  });
  process.on('disconnect', () => process.exit());
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', () => process.send?.({ port: server.address().port }));
}

/**
 * Starts an S3 store that keeps nothing, in a process of its own: its keys are the members of an
 * arithmetic series, so millions of them cost a byte each. It answers HeadBucket, ListObjectsV2,
 * HEAD, PUT (also with `If-None-Match: *`) and DELETE.
 * @param {number} total keys of the series
 * @param {number} present how many of them, from the first on, are there
 */
export async function startStore(total, present) {
  const child = fork(OWN_FILE, [String(total), String(present)]);
  const waiting = new Map();
  child.on('message', (message) => {
    for (const [field, value] of Object.entries(message)) waiting.get(field)?.(value);
  });
  const told = (field) => new Promise((resolve) => waiting.set(field, resolve));
  const port = await told('port');
  const ask = (what, field) => {
    const answer = told(field);
    child.send(what);
    return answer;
  };
  return {
    url: `http://127.0.0.1:${port}`,
    /** When the next new object is stored, in milliseconds since the epoch. */
    nextStored: () => ask('watch', 'storedAtMs'),
    /** Requests so far, and how many new objects were stored. */
    counts: () => ask('counts', 'counts'),
    close: async () => {
      const closed = once(child, 'close');
      child.kill('SIGTERM');
      await closed;
    },
  };
}

const OWN_FILE = fileURLToPath(import.meta.url);
if (process.argv[1] === OWN_FILE) serve(...process.argv.slice(2).map(Number));
