/* global URL, clearInterval, setInterval */
/**
 * Measures whether `--memory` holds: many large objects at once through the real binary, from an
 * origin in a process of its own that makes bytes up into a sink that keeps none. It runs what
 * `npm run build` made.
 *
 * `node test/bench/memory.js [OBJECTS] [MIB] [MEMORY] [length|chunked]`; 64 objects of 1024 MiB
 * under 256MiB of known length, if nothing is said.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const [objects = '64', mib = '1024', memory = '256MiB', framing = 'length'] = process.argv.slice(2);
const OBJECTS = Number(objects);
const OBJECT_BYTES = Number(mib) * 1024 ** 2;
const BIN = fileURLToPath(new URL('../../bin/bucketfill.js', import.meta.url));

/** Between two looks at the process. */
const LOOK_MS = 100;

/** Sends as many bytes as it was told for every path. */
const ORIGIN = `
  const { createServer } = require('node:http');
  const [bytes, framing] = process.argv.slice(1);
  const chunk = Buffer.alloc(256 * 1024, 'bucketfill');
  const server = createServer((request, response) => {
    const length = framing === 'length' ? { 'content-length': bytes } : {};
    response.writeHead(200, length);
    let left = request.method === 'HEAD' ? 0 : Number(bytes);
    const send = () => {
      while (left > 0) {
        const piece = left < chunk.length ? chunk.subarray(0, left) : chunk;
        left -= piece.length;
        if (!response.write(piece)) return;
      }
      response.end();
    };
    response.on('drain', send);
    send();
  });
  server.listen(0, '127.0.0.1', () => process.stdout.write(server.address().port + '\\n'));
`;

/** Answers as an S3 store would, and keeps nothing but the MD5s of parts under way. */
const SINK = `
  const { createServer } = require('node:http');
  const { createHash } = require('node:crypto');
  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://sink');
    const answer = (status, headers, body = '') =>
      response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
    const md5 = request.headers['content-md5'];
    request.resume().on('end', () => {
      if (request.method === 'DELETE') return answer(204, {});
      if (request.method === 'GET') return answer(200, {}, '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>');
      if (request.method === 'HEAD') return answer(url.pathname.length > 8 ? 404 : 200, {});
      if (url.searchParams.has('uploads')) return answer(200, {}, '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>');
      if (request.method === 'POST') return answer(200, {}, '<CompleteMultipartUploadResult><ETag>"' + etagOf(url.pathname) + '"</ETag></CompleteMultipartUploadResult>');
      const part = url.searchParams.get('partNumber');
      const sum = Buffer.from(md5 ?? '', 'base64');
      if (part !== null) (parts[url.pathname] ??= [])[Number(part) - 1] = sum;
      answer(200, { etag: '"' + sum.toString('hex') + '"' });
    });
  });
  const parts = {};
  const etagOf = (key) => {
    const all = parts[key];
    return createHash('md5').update(Buffer.concat(all)).digest('hex') + '-' + all.length;
  };
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', () => process.stdout.write(server.address().port + '\\n'));
`;

async function startServer(code, ...args) {
  const child = spawn(process.execPath, ['-e', code, '--', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout, 'data');
  return {
    url: `http://127.0.0.1:${String(line).trim()}`,
    close: async () => {
      const closed = once(child, 'close');
      child.kill('SIGTERM');
      await closed;
    },
  };
}

function rules(origin, sink) {
  return `version: 1
allowPrivate: true
bucket:
  url: s3://bucket/
  endpoint: ${sink}
  credentials: { env: BENCH }
  conditionalWrites: never
rules:
  - id: all
    origins: { masters: ["${origin}/"] }
`;
}

/** The most memory that a process had so far, in bytes; undefined where the system does not say. */
async function peakRss(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const [, kib] = /VmHWM:\s+(\d+) kB/.exec(status) ?? [];
  return kib === undefined ? undefined : Number(kib) * 1024;
}

async function migrate(folder) {
  const args = ['migrate', 'rules.yaml', '--keys', 'keys.txt', '--overwrite', 'always'];
  const told = ['--ui', 'none', '--log-level', 'debug', '--concurrency', objects];
  const child = spawn(process.execPath, [BIN, ...args, '--memory', memory, ...told], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      BENCH_ACCESS_KEY_ID: 'bench',
      BENCH_SECRET_ACCESS_KEY: 'bench-secret',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text));
  let rss = 0;
  const looking = setInterval(async () => {
    rss = Math.max(rss, (await peakRss(child.pid)) ?? 0);
  }, LOOK_MS);
  const [code] = await once(child, 'close');
  clearInterval(looking);
  const [, inFlight] = /bodies in flight: at most (\d+) bytes/.exec(said) ?? [];
  return { code, rss, inFlight: Number(inFlight), said };
}

const folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-memory-'));
const origin = await startServer(ORIGIN, String(OBJECT_BYTES), framing);
const sink = await startServer(SINK);
try {
  await writeFile(path.join(folder, 'rules.yaml'), rules(origin.url, sink.url));
  const keys = Array.from({ length: OBJECTS }, (_, index) => `object-${index}\n`);
  await writeFile(path.join(folder, 'keys.txt'), keys.join(''));
  const startMs = performance.now();
  const { code, rss, inFlight, said } = await migrate(folder);
  const seconds = (performance.now() - startMs) / 1000;
  if (code !== 0) throw new Error(`the run ended with ${code}: ${said}`);
  const total = OBJECTS * OBJECT_BYTES;
  const shown = (bytes) => `${(bytes / 1024 ** 2).toFixed(0)} MiB`;
  process.stdout.write(
    `${OBJECTS} objects of ${mib} MiB at once (${framing}), --memory ${memory}\n\n` +
      `| bodies in flight, peak | RSS, peak | seconds | a second |\n|---|---|---|---|\n` +
      `| ${shown(inFlight)} | ${shown(rss)} | ${seconds.toFixed(0)} | ${shown(total / seconds)} |\n`,
  );
} finally {
  await Promise.all([origin.close(), sink.close()]);
  await rm(folder, { recursive: true, force: true });
}
