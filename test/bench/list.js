/* global AbortController */
/**
 * Measures what listing an S3 bucket costs its client: 1,000 pages of 1,000 keys, made up by a
 * server of its own process on loopback, read through the real HTTP client and the real reader.
 * Time is CPU time of this process only, user and system, for each key.
 *
 * `npm run build && node test/bench/list.js [PAGES] [ROUNDS] [SERVER_MS]`; 1000, 3 and 0 if nothing
 * is said. SERVER_MS is how long the server takes for each page, as a store does.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { httpClient } from '../../dist/http/http-client.js';
import { listPages } from '../../dist/s3/list-objects.js';
import { openS3Store } from '../../dist/s3/open-s3-store.js';

const [pages = '1000', rounds = '3', serverMs = '0'] = process.argv.slice(2);
const KEYS_A_PAGE = 1000;

/** Answers from one page in memory, into which it writes the page's number. */
const SERVER = `
  const { createServer } = require('node:http');
  const pages = Number(process.argv[1]);
  const waitMs = Number(process.argv[2]);
  const digits = (n, width) => String(n).padStart(width, '0');
  const contents = (n) => '<Contents><Key>media/2026/11/p######/object-' + digits(n, 6) + (n % 8 === 0 ? '+%28copy%29' : '') + '.jpg</Key><LastModified>2026-11-20T04:' + digits(n % 60, 2) + ':' + digits(n % 59, 2) + '.000Z</LastModified><ETag>&quot;5d41402abc4b2a76b9719d91' + digits(n, 8) + '&quot;</ETag><Size>' + (n * 7919) + '</Size><StorageClass>STANDARD</StorageClass></Contents>';
  const head = '<?xml version="1.0" encoding="UTF-8"?>\\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix></Prefix><KeyCount>${KEYS_A_PAGE}</KeyCount><MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType>';
  const bare = Buffer.from(Array.from({ length: ${KEYS_A_PAGE} }, (_, n) => contents(n)).join('') + '</ListBucketResult>');
  const places = [];
  for (let at = bare.indexOf('######'); at >= 0; at = bare.indexOf('######', at + 6)) places.push(at);
  const server = createServer((request, response) => {
    const page = Number(new URL(request.url, 'http://h').searchParams.get('continuation-token') ?? 0);
    const rest = page + 1 < pages ? '<IsTruncated>true</IsTruncated><NextContinuationToken>' + (page + 1) + '</NextContinuationToken>' : '<IsTruncated>false</IsTruncated>';
    const body = Buffer.concat([Buffer.from(head + rest), bare]);
    const shift = body.length - bare.length;
    const number = Buffer.from(digits(page, 6));
    for (const place of places) number.copy(body, place + shift);
    const send = () => response.writeHead(200, { 'content-type': 'application/xml', 'content-length': body.length }).end(body);
    if (waitMs > 0) setTimeout(send, waitMs);
    else send();
  });
  server.listen(0, '127.0.0.1', () => process.stdout.write(server.address().port + '\\n'));
`;

function openStore(port) {
  const http = httpClient({
    connections: 8,
    timeouts: { connectMs: 5000, firstByteMs: 10_000, idleMs: 10_000 },
    allowPrivate: true,
    proxies: { http: undefined, https: undefined, none: undefined },
    userAgent: 'bucketfill/bench',
  });
  const store = openS3Store({
    name: 's3://b/',
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    bucket: 'b',
    pathStyle: true,
    keys: () => ({ accessKeyId: 'a', secretAccessKey: 'b', sessionToken: undefined }),
    requesterPays: false,
    http,
    identity: {},
    clock: { now: () => Date.now(), sleep: () => Promise.resolve() },
    retry: { attempts: 1, delayMs: () => 0 },
  });
  return { http, store };
}

async function listAll(store) {
  let keys = 0;
  let bytes = 0;
  const before = process.cpuUsage();
  const started = performance.now();
  const { signal } = new AbortController();
  for await (const objects of listPages(store, { prefix: '', after: '' }, signal)) {
    keys += objects.length;
    for (const { size } of objects) bytes += size;
  }
  const { user, system } = process.cpuUsage(before);
  return { keys, bytes, seconds: (performance.now() - started) / 1000, cpuUs: user + system };
}

const child = spawn(process.execPath, ['-e', SERVER, pages, serverMs], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const [line] = await once(child.stdout, 'data');
const { http, store } = openStore(Number(line));
try {
  for (let round = 1; round <= Number(rounds); round += 1) {
    const { keys, seconds, cpuUs } = await listAll(store);
    const rssMiB = Math.round(process.memoryUsage().rss / 2 ** 20);
    const perKey = (cpuUs / keys).toFixed(2);
    process.stdout.write(
      `round ${round}: ${keys} keys, ${perKey} us CPU a key, ${Math.round(keys / seconds)} keys/s, ${rssMiB} MiB\n`,
    );
  }
} finally {
  await store.close();
  await http.close();
  child.kill();
}
