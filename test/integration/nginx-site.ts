import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A folder behind nginx with its own index pages, whose files a test changes between runs. */
export interface NginxSite {
  /** Base URL with its final slash. */
  readonly url: string;
  /** Writes a file that was modified then: long ago, unless told otherwise. */
  readonly put: (key: string, body: string, modifiedMs?: number) => Promise<void>;
  readonly remove: (key: string) => Promise<void>;
  /** Files that were asked for since this was last called, as `GET a.txt`; index pages are left out. */
  readonly filesAsked: () => Promise<readonly string[]>;
  readonly stop: () => Promise<void>;
}

/** No listing takes a file of that age for young. */
export const LONG_AGO_MS = Date.UTC(2020, 0, 2, 3, 4, 5);

/** Starts nginx over an empty folder. Needs nginx. */
export async function startNginxSite(): Promise<NginxSite> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-site-'));
  // The folder is root's when CI runs as root, and nginx reads as somebody else.
  await chmod(folder, 0o755);
  const root = path.join(folder, 'site');
  await mkdir(root);
  const port = await freePort();
  const config = path.join(folder, 'nginx.conf');
  await writeFile(config, configuration(folder, root, port));
  const nginx = spawn('nginx', ['-c', config, '-e', `${folder}/error.log`], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${String(port)}/`;
  await answering(url, folder);
  const log = path.join(folder, 'access.log');
  let told = (await readFile(log, 'utf8')).length;
  return {
    url,
    put: async (key, body, modifiedMs = LONG_AGO_MS) => {
      const file = path.join(root, key);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, body);
      await utimes(file, modifiedMs / 1000, modifiedMs / 1000);
    },
    remove: (key) => rm(path.join(root, key)),
    filesAsked: async () => {
      const whole = await readFile(log, 'utf8');
      const lines = whole.slice(told).split('\n');
      told = whole.length;
      return lines.filter((line) => line !== '' && !/ (.*\/)?$| robots\.txt$/.test(line));
    },
    stop: async () => {
      const ended = once(nginx, 'exit');
      nginx.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configuration(folder: string, root: string, port: number): string {
  return `
daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 1024; }
http {
  map $uri $key { "~^/(?<rest>.*)$" $rest; }
  log_format asked escape=none '$request_method $key';
  access_log ${folder}/access.log asked;
  client_body_temp_path ${folder}/t1; proxy_temp_path ${folder}/t2; fastcgi_temp_path ${folder}/t3;
  uwsgi_temp_path ${folder}/t4; scgi_temp_path ${folder}/t5;
  default_type application/octet-stream;
  server { listen 127.0.0.1:${String(port)}; root ${root}; autoindex on; }
}`;
}

async function answering(url: string, folder: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const answer = await fetch(url).catch(() => undefined);
    await answer?.body?.cancel();
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
