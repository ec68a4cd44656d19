import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../support/run-cli.ts';

const run = promisify(execFile);
const here = fileURLToPath(new URL('.', import.meta.url));
const lockfile = fileURLToPath(new URL('../../package-lock.json', import.meta.url));

let folder = '';
let nginx: ChildProcess | undefined;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-nginx-'));
  // The folder is root's when CI runs as root, and nginx reads as somebody else.
  await run('chmod', ['755', folder]);
  await run('bash', [path.join(here, 'prepare-corpus.sh'), folder, lockfile]);
}, 300_000);

afterAll(async () => {
  nginx?.kill('SIGTERM');
  await rm(folder, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** A master that answers 503 to about one request in eight, and a slave that always delivers. */
async function startNginx(flaky: number, healthy: number): Promise<void> {
  const config = `
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
  await writeFile(path.join(folder, 'nginx.conf'), config);
  nginx = spawn('nginx', ['-c', path.join(folder, 'nginx.conf'), '-e', `${folder}/error.log`], {
    stdio: 'inherit',
  });
  for (let tries = 0; tries < 100; tries += 1) {
    const answer = await fetch(`http://127.0.0.1:${String(healthy)}/`).catch(() => undefined);
    if (answer !== undefined) return;
    await sleep(50);
  }
  throw new Error(`nginx did not start: ${await readFile(`${folder}/error.log`, 'utf8')}`);
}

test('real files from nginx: dead master, flaky master, slave, SIGKILL half-way, resume', async () => {
  const [dead, flaky, healthy] = [await freePort(), await freePort(), await freePort()];
  await startNginx(flaky, healthy);
  const job = path.join(folder, 'job');
  await mkdir(job);
  const rules = path.join(job, 'rules.yaml');
  await writeFile(
    rules,
    `version: 1
allowPrivate: true
bucket:
  url: file:./bucket
rules:
  - id: site
    origins:
      masters: ["http://127.0.0.1:${String(dead)}/", "http://127.0.0.1:${String(flaky)}/"]
      slaves: ["http://127.0.0.1:${String(healthy)}/"]
      retries: { perAddress: 2, base: 20ms }
`,
  );
  const keys = path.join(folder, 'keys.txt');
  const total = (await readFile(keys, 'utf8')).trimEnd().split('\n').length;
  expect(total).toBeGreaterThan(2000);

  const args = ['migrate', rules, '--keys', keys, '--json', '--ui', 'none'];
  const killed = await runCli(args, {
    onStart: ({ kill, stdout }) => {
      const timer = setInterval(() => {
        const copied = stdout().split('"outcome":"copied"').length - 1;
        if (copied < total / 2) return;
        clearInterval(timer);
        kill('SIGKILL');
      }, 10);
    },
  });
  expect(killed.code).toBeNull();
  const resumed = await runCli(args);
  expect(resumed.stderr).toBe('');
  expect(resumed.code).toBe(0);
  expect(resumed.summary).toMatchObject({ resumed: true, failed: 0 });
  expect(resumed.summary?.carried.listed).toBeGreaterThan(0);
  // What the kill made us fetch again is at most what was in flight or not yet noted.
  const again = resumed.objects.filter((event) => event.outcome === 'skipped').length;
  expect(again).toBeLessThan(total / 4);

  await writeFile(path.join(folder, 'run1.jsonl'), killed.stdout);
  await writeFile(path.join(folder, 'run2.jsonl'), resumed.stdout);
  const check = await run('python3', [
    path.join(here, 'check_bucket.py'),
    path.join(folder, 'published.tsv'),
    path.join(job, 'bucket'),
    path.join(folder, 'run1.jsonl'),
    path.join(folder, 'run2.jsonl'),
  ]);
  expect(check.stdout.trim()).toBe(`${String(total)} published, ${String(total)} stored, 0 wrong`);

  const answered = await readFile(path.join(folder, 'access.log'), 'utf8');
  expect(answered).toContain('" 503 ');
}, 300_000);
