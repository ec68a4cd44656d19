import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

/** Answers every PUT with an ETag and keeps nothing; run as a program, it is the sink itself. */
const NODE_SINK = `
  const { createServer } = require('node:http');
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200, { etag: '"0"', 'content-length': 0 }).end());
  });
  server.keepAliveTimeout = 60_000;
  server.listen(Number(process.argv[1]), '127.0.0.1');
`;

/**
 * Starts a sink in a process of its own, so that its CPU time is not ours: nginx, or Node where
 * there is no nginx.
 * @returns {Promise<{ kind: string, url: string, close: () => Promise<void> }>}
 */
export async function startNullSink() {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-sink-'));
  const port = await freePort();
  const conf = path.join(folder, 'nginx.conf');
  await writeFile(conf, nginxConf(folder, port));
  const nginx = spawn('nginx', ['-p', folder, '-c', conf], { stdio: 'ignore' });
  const isNginx = await until(nginx, port);
  const sink = isNginx
    ? nginx
    : spawn(process.execPath, ['-e', NODE_SINK, '--', String(port)], { stdio: 'ignore' });
  if (!isNginx && !(await until(sink, port))) throw new Error('no sink could be started');
  return {
    kind: isNginx ? 'nginx' : 'node:http',
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      const closed = new Promise((resolve) => sink.once('close', resolve));
      sink.kill('SIGTERM');
      await closed;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function nginxConf(folder, port) {
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `daemon off;
worker_processes 1;
pid ${folder}/pid;
error_log /dev/null crit;
events { worker_connections 512; }
http {
  access_log off;
  ${temp.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port};
    keepalive_requests 100000000;
    client_max_body_size 0;
    location / { add_header ETag '"0"'; return 200; }
  }
}
`;
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits for the process to listen; false where it ends instead. */
async function until(child, port) {
  let ended = false;
  child.once('error', () => (ended = true)).once('exit', () => (ended = true));
  for (let tries = 0; tries < 200 && !ended; tries += 1) {
    if (await answers(port)) return true;
    await sleep(20);
  }
  child.kill();
  return false;
}

function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
