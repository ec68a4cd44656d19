import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Nginx, nginxFolder, startNginx } from '../support/nginx.ts';
import { deadPort } from '../support/site.ts';

const run = promisify(execFile);
const here = fileURLToPath(new URL('.', import.meta.url));
const lockfile = fileURLToPath(new URL('../../package-lock.json', import.meta.url));

/** Real files with published digests, served by nginx on loopback. */
export interface NginxOrigin extends Nginx {
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
}

/** Unpacks the corpus and starts nginx. Needs nginx, apt-get and npm. */
export async function startNginxOrigin(): Promise<NginxOrigin> {
  const folder = await nginxFolder();
  await run('bash', [path.join(here, 'prepare-corpus.sh'), folder, lockfile]);
  const [dead, flaky, healthy] = [await deadPort(), await deadPort(), await deadPort()];
  const url = (port: number): string => `http://127.0.0.1:${String(port)}/`;
  const nginx = await startNginx(folder, url(healthy), serving(folder, flaky, healthy));
  const keys = path.join(folder, 'keys.txt');
  return {
    folder,
    dead: url(dead),
    flaky: url(flaky),
    healthy: url(healthy),
    keys,
    published: path.join(folder, 'published.tsv'),
    total: (await readFile(keys, 'utf8')).trimEnd().split('\n').length,
    ...nginx,
  };
}

function serving(folder: string, flaky: number, healthy: number): string {
  return `
  types { text/html html; application/gzip gz tgz; }
  split_clients $request_id $unlucky { 12% 1; * 0; }
  server {
    listen 127.0.0.1:${String(flaky)}; root ${folder}/site;
    location / { if ($unlucky) { return 503; } }
  }
  server { listen 127.0.0.1:${String(healthy)}; root ${folder}/site; }`;
}
