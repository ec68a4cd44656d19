/* global URL, fetch */
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

import { bodyOf } from './serve-pattern.js';
import { endWithUs, freePort, onCpu, stop } from './serve-process.js';

/** The objects that there are: any key below the folder of that name. */
export const SIZES = { '4k': 4 * 1024, '64k': 64 * 1024, '1m': 1024 ** 2 };

/** A worker runs as who owns the folder, which is nobody else's. */
const OWNER = process.getuid?.() === 0 ? 'user root;' : '';

const nginxConf = (folder, http) => `daemon off;
worker_processes 1;
${OWNER}
pid ${folder}/pid;
error_log ${folder}/error.log crit;
events { worker_connections 8192; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  keepalive_requests 100000000;
  client_max_body_size 0;
  sendfile on;
  tcp_nodelay on;
${http}
}
`;

async function startNginx(folder, http, ports, cpu) {
  await mkdir(folder, { recursive: true });
  const conf = path.join(folder, 'nginx.conf');
  await writeFile(conf, nginxConf(folder, http));
  const child = spawn(...onCpu(cpu, 'nginx', ['-p', folder, '-c', conf]), {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  endWithUs(child);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text));
  child.once('error', (error) => (said += error.message));
  let ended = false;
  child.once('close', () => (ended = true));
  for (const port of ports) {
    while (!(await answers(port))) {
      if (ended) throw new Error(`nginx could not be started: ${said}`);
      await sleep(20);
    }
  }
  return { pid: child.pid, close: () => stop(child, 'SIGQUIT') };
}

async function answers(port) {
  const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
  await answer?.arrayBuffer();
  return answer !== undefined;
}

const ABSENT =
  '<?xml version="1.0"?><Error><Code>NoSuchKey</Code><Message>absent</Message></Error>';

const NOTES = [
  ['x-amz-request-id', 'BENCH00000000000'],
  ['x-amz-meta-bucketfill-etag', '\\"v1\\"'],
  ['x-amz-meta-bucketfill-last-modified', 'Wed, 01 Jan 2025 00:00:00 GMT'],
]
  .map(([name, value]) => `add_header ${name} "${value}";`)
  .join(' ');

const farSide = (bodies, origin, bucket) => `
  root ${bodies};
  default_type application/octet-stream;
  open_file_cache max=16;
  server {
    listen 127.0.0.1:${origin} backlog=4096;
    ${Object.keys(SIZES)
      .map((name) => `location ^~ /miss${name}/ { rewrite ^ /${name} break; }`)
      .join('\n    ')}
  }
  server {
    listen 127.0.0.1:${bucket} backlog=4096;
    location = /bucket { return 200; }
    ${Object.keys(SIZES)
      .map((name) => `location ^~ /bucket/hit${name}/ { rewrite ^ /${name} break; ${NOTES} }`)
      .join('\n    ')}
    location / {
      default_type application/xml;
      if ($request_method = PUT) { add_header ETag '"0"'; return 200; }
      if ($request_method = DELETE) { return 204; }
      return 404 '${ABSENT}';
    }
  }`;

/**
 * Starts an origin and a bucket in one process that is cheap enough to be nobody's bottleneck:
 * the origin has every key below `miss<size>/`, the bucket every key below `hit<size>/`, and it
 * forgets what is put there.
 */
export async function startFarSide(folder) {
  const bodies = path.join(folder, 'bodies');
  await mkdir(bodies, { recursive: true });
  for (const [name, bytes] of Object.entries(SIZES)) {
    await writeFile(path.join(bodies, name), bodyOf(bytes));
  }
  const [origin, bucket] = [await freePort(), await freePort()];
  const nginx = await startNginx(folder, farSide(bodies, origin, bucket), [origin, bucket]);
  const site = (port) => `http://127.0.0.1:${port}`;
  return { ...nginx, origin: site(origin), bucket: site(bucket) };
}

// Bodies of 1 MiB go through memory: with its default buffers nginx would write them to disk.
const peers = (stored, far, pass, store) => `
  upstream origin { server ${new URL(far.origin).host}; keepalive 1024; }
  upstream bucket { server ${new URL(far.bucket).host}; keepalive 1024; }
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_buffers 16 64k;
  proxy_busy_buffers_size 128k;
  proxy_max_temp_file_size 0;
  server {
    listen 127.0.0.1:${pass} backlog=4096;
    location / { proxy_pass http://bucket/bucket/; }
  }
  server {
    listen 127.0.0.1:${store} backlog=4096;
    root ${stored};
    location / { try_files $uri @origin; }
    location @origin {
      internal;
      proxy_pass http://origin;
      proxy_max_temp_file_size 1024m;
      proxy_store on;
    }
  }`;

/**
 * Starts nginx as a peer, with one worker: `pass` before the bucket, `store` before the origin.
 * @param {{ folder: string, cpu?: string }} place its `stored` holds what `store` fetched
 */
export async function startPeers({ folder, cpu }, far) {
  const stored = path.join(folder, 'stored');
  await mkdir(stored, { recursive: true });
  const [pass, store] = [await freePort(), await freePort()];
  const nginx = await startNginx(folder, peers(stored, far, pass, store), [pass, store], cpu);
  const site = (port) => `http://127.0.0.1:${port}`;
  return { ...nginx, stored, pass: site(pass), store: site(store) };
}
