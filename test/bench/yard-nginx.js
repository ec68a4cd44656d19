/* global fetch */
import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

import { endWithUs, freePort, stop } from './serve-process.js';

/** nginx writes its log every so often; so long we wait at most for lines that are to come. */
const LOG_FLUSH_MS = 100;
const MOST_LOOKS = 30;

/** A worker runs as who owns the folder, which is nobody else's. */
const OWNER = process.getuid?.() === 0 ? 'user root;' : '';

const EMPTY_LISTING =
  '<?xml version="1.0"?><ListBucketResult><Name>bucket</Name><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>';
const ABSENT =
  '<?xml version="1.0"?><Error><Code>NoSuchKey</Code><Message>absent</Message></Error>';

/**
 * The key by which a client finds out whether conditional writes are honoured. As in most stores
 * they are; of all other keys none is ever taken.
 */
const TAKEN = '/bucket/.bucketfill-write-check';
const PRECONDITION =
  '<?xml version="1.0"?><Error><Code>PreconditionFailed</Code><Message>taken</Message></Error>';

/** Bodies are read and dropped: nginx discards what a `return` has not asked for. */
const sinkServer = (folder, port, headOfKey) => `
  server {
    listen 127.0.0.1:${port} backlog=4096;
    access_log ${folder}/puts.log puts buffer=512k flush=${LOG_FLUSH_MS}ms if=$is_put;
    default_type application/xml;
    root ${folder}/bodies;
    location = /bucket { return 200 '${EMPTY_LISTING}'; }
    location = /bucket/ { return 200 '${EMPTY_LISTING}'; }
    location = ${TAKEN} {
      if ($http_if_none_match = '*') { return 412 '${PRECONDITION}'; }
      if ($request_method = PUT) { add_header ETag '"0"'; return 200; }
      return 204;
    }
    location / {
      ${headOfKey}
      if ($request_method = PUT) { add_header ETag '"0"'; return 200; }
      if ($request_method = DELETE) { return 204; }
      return 404 '${ABSENT}';
    }
  }`;

function configOf(folder, { origin, forgetful, trusting }) {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const sinks = [
    sinkServer(folder, forgetful, ''),
    sinkServer(folder, trusting, 'if ($request_method = HEAD) { rewrite ^ /body break; }'),
  ];
  return `daemon off;
worker_processes 1;
${OWNER}
pid ${folder}/pid;
error_log ${folder}/error.log crit;
events { worker_connections 8192; }
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  keepalive_requests 100000000;
  client_max_body_size 0;
  sendfile on;
  tcp_nodelay on;
  map $request_method $is_put { default 0; PUT 1; }
  log_format puts '$msec $content_length $uri';
  server {
    listen 127.0.0.1:${origin} backlog=4096;
    root ${folder}/tree;
    autoindex on;
  }
  ${sinks.join('')}
}
`;
}

/**
 * Starts nginx with one worker: as an origin of static files (those below `tree` in the folder),
 * and as two S3 buckets that keep nothing and list nothing. Of these `forgetful` answers HEAD of a
 * key with 404, `trusting` with the size of a small object, for clients that look for what they
 * stored.
 * @param {number} smallBytes that size
 */
export async function startYardNginx(folder, smallBytes) {
  await mkdir(path.join(folder, 'bodies'), { recursive: true });
  await writeFile(path.join(folder, 'bodies', 'body'), Buffer.alloc(smallBytes));
  const ports = {
    origin: await freePort(),
    forgetful: await freePort(),
    trusting: await freePort(),
  };
  const config = path.join(folder, 'nginx.conf');
  await writeFile(config, configOf(folder, ports));
  const child = spawn('nginx', ['-p', folder, '-c', config, '-e', path.join(folder, 'error.log')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  endWithUs(child);
  await untilUp(child, ports.forgetful);
  const log = path.join(folder, 'puts.log');
  const site = (port) => `http://127.0.0.1:${port}`;
  return {
    origin: site(ports.origin),
    forgetful: site(ports.forgetful),
    trusting: site(ports.trusting),
    /** Forgets the PUTs so far. */
    reset: () => truncate(log),
    /** What was put since then; waits until so many objects are there, or no more come. */
    stored: (objects) => storedBy(log, objects),
    close: () => stop(child, 'SIGQUIT'),
  };
}

async function untilUp(child, port) {
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text));
  let ended = false;
  child.once('error', (error) => (said += error.message));
  child.once('close', () => (ended = true));
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/bucket`).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer !== undefined) return;
    if (ended) throw new Error(`nginx could not be started: ${said}`);
    await sleep(20);
  }
}

async function storedBy(log, objects) {
  let told = parse(await readFile(log, 'utf8'));
  for (let looks = 0; looks < MOST_LOOKS && told.objects < objects; looks += 1) {
    await sleep(LOG_FLUSH_MS);
    told = parse(await readFile(log, 'utf8'));
  }
  return told;
}

/** The bucket's own checks write keys that start with a dot; each key counts once. */
function parse(text) {
  const keys = new Set();
  const timesMs = [];
  let bytes = 0;
  for (const line of text.split('\n')) {
    const [, seconds, length, key] = /^(\S+) (\d+) \/bucket\/([^.].*)$/.exec(line) ?? [];
    if (key === undefined || keys.has(key)) continue;
    keys.add(key);
    bytes += Number(length);
    timesMs.push(Number(seconds) * 1000);
  }
  timesMs.sort((a, b) => a - b);
  return { objects: keys.size, bytes, firstAtMs: timesMs[0], timesMs };
}
