import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const here = fileURLToPath(new URL('.', import.meta.url));
const lockfile = fileURLToPath(new URL('../../package-lock.json', import.meta.url));

/** Real files with published digests, served by nginx on loopback. */
export interface NginxOrigin {
  readonly folder: string;
  /** Nobody listens there. */
  readonly dead: string;
  /** Answers 503 to about one request in eight. */
  readonly flaky: string;
  readonly healthy: string;
  /** One key a line. */
  readonly keys: string;
  /** Key, algorithm and digest, as published. */
  readonly published: string;
  readonly total: number;
  readonly accessLog: () => Promise<string>;
  readonly stop: () => Promise<void>;
}

/** Unpacks the corpus and starts nginx. Needs nginx, apt-get and npm. */
export async function startNginxOrigin(): Promise<NginxOrigin> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-nginx-'));
  // The folder is root's when CI runs as root, and nginx reads as somebody else.
  await run('chmod', ['755', folder]);
  await run('bash', [path.join(here, 'prepare-corpus.sh'), folder, lockfile]);
  const [dead, flaky, healthy] = [await freePort(), await freePort(), await freePort()];
  const config = path.join(folder, 'nginx.conf');
  await writeFile(config, configuration(folder, flaky, healthy));
  const nginx = spawn('nginx', ['-c', config, '-e', `${folder}/error.log`], { stdio: 'inherit' });
  await answering(healthy, folder);
  const keys = path.join(folder, 'keys.txt');
  const url = (port: number): string => `http://127.0.0.1:${String(port)}/`;
  return {
    folder,
    dead: url(dead),
    flaky: url(flaky),
    healthy: url(healthy),
    keys,
    published: path.join(folder, 'published.tsv'),
    total: (await readFile(keys, 'utf8')).trimEnd().split('\n').length,
    accessLog: () => readFile(path.join(folder, 'access.log'), 'utf8'),
    stop: async () => {
      nginx.kill('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configuration(folder: string, flaky: number, healthy: number): string {
  return `
daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 1024; }
http {
  access_log ${folder}/access.log;
  client_body_temp_path ${folder}/t1; proxy_temp_path ${folder}/t2; fastcgi_temp_path ${folder}/t3;
  uwsgi_temp_path ${folder}/t4; scgi_temp_path ${folder}/t5;
  types { text/html html; application/gzip gz tgz; }
  default_type application/octet-stream;
  split_clients $request_id $unlucky { 12% 1; * 0; }
  server {
    listen 127.0.0.1:${String(flaky)}; root ${folder}/site;
    location / { if ($unlucky) { return 503; } }
  }
  server { listen 127.0.0.1:${String(healthy)}; root ${folder}/site; }
}`;
}

async function answering(port: number, folder: string): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const answer = await fetch(`http://127.0.0.1:${String(port)}/`).catch(() => undefined);
    if (answer !== undefined) return;
    await sleep(50);
  }
  throw new Error(`nginx did not start: ${await readFile(`${folder}/error.log`, 'utf8')}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
