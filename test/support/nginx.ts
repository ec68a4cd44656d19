import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** An nginx on loopback. */
export interface Nginx {
  /** What it wrote down so far of those who asked. */
  readonly accessLog: () => Promise<string>;
  /** Ends it, and removes its folder. */
  readonly stop: () => Promise<void>;
}

/** A folder that nginx may read: CI runs as root, and nginx reads as somebody else. */
export async function nginxFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-nginx-'));
  await chmod(folder, 0o755);
  return folder;
}

/**
 * Starts nginx with what is to stand in `http`, and waits until it answers at `url`; its own files
 * go to `folder`. `logFormat` is the name of one that `http` has. Needs nginx.
 * @throws Error where it does not start
 */
export async function startNginx(
  folder: string,
  url: string,
  http: string,
  logFormat = 'combined',
): Promise<Nginx> {
  const config = path.join(folder, 'nginx.conf');
  await writeFile(config, configuration(folder, http, logFormat));
  const nginx = spawn('nginx', ['-c', config, '-e', `${folder}/error.log`], { stdio: 'inherit' });
  await answering(url, folder);
  return {
    accessLog: () => readFile(`${folder}/access.log`, 'utf8'),
    stop: async () => {
      const ended = once(nginx, 'exit');
      nginx.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configuration(folder: string, http: string, logFormat: string): string {
  return `
daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 1024; }
http {
  client_body_temp_path ${folder}/t1; proxy_temp_path ${folder}/t2; fastcgi_temp_path ${folder}/t3;
  uwsgi_temp_path ${folder}/t4; scgi_temp_path ${folder}/t5;
  default_type application/octet-stream;
${http}
  access_log ${folder}/access.log ${logFormat};
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
