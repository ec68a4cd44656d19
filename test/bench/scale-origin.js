/* global fetch */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

/** The body of every object. */
const BODY_BYTES = 1024;

const body = 'bucketfill'.repeat(BODY_BYTES / 10 + 1).slice(0, BODY_BYTES);

const NODE_ORIGIN = `
  const { createServer } = require('node:http');
  const [port, body] = process.argv.slice(1);
  const server = createServer((request, response) => {
    response.writeHead(200, { 'content-length': body.length }).end(request.method === 'HEAD' ? '' : body);
  });
  server.keepAliveTimeout = 60_000;
  server.listen(Number(port), '127.0.0.1');
`;

const nginxConf = (folder, port) => `daemon off;
worker_processes 1;
pid ${folder}/pid;
error_log /dev/null crit;
events { worker_connections 1024; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port};
    keepalive_requests 100000000;
    location / { return 200 "${body}"; }
  }
}
`;

async function freePort() {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address();
  await once(server.close(), 'close');
  return port;
}

/**
 * Starts an origin that has every path, in a process of its own: nginx, or Node where there is none.
 * @param {string} folder for its files
 */
export async function startOrigin(folder) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const conf = path.join(folder, 'nginx.conf');
  await writeFile(conf, nginxConf(folder, port));
  const nginx = spawn('nginx', ['-p', folder, '-c', conf], { stdio: 'ignore' });
  const args = ['-e', NODE_ORIGIN, '--', String(port), body];
  const [kind, child] = (await answers(url, nginx))
    ? ['nginx', nginx]
    : ['node:http', spawn(process.execPath, args, { stdio: 'ignore' })];
  if (kind !== 'nginx' && !(await answers(url, child)))
    throw new Error('no origin could be started');
  return { kind, url, close: () => stop(child) };
}

/** Waits for a server to answer; false where its process ends instead. */
async function answers(url, child) {
  let ended = false;
  child.once('error', () => (ended = true)).once('exit', () => (ended = true));
  while (!ended) {
    const response = await fetch(url).catch(() => undefined);
    if (response !== undefined) return (await response.text()) === body;
    await sleep(20);
  }
  return false;
}

async function stop(child) {
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  await closed;
}
