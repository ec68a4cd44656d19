/* global URL */
/**
 * Measures scans through the real binary, as `npm run build` made it:
 *
 * - a tree of 200,000 files behind nginx, beside `rclone lsf -R` with and without
 *   `--http-no-head`, in turns;
 * - an origin that makes its index pages up, of 10^5 and of 10^6 keys: what memory that takes.
 *
 * `node test/bench/scan.js [ROUNDS] [KEYS]…`; 3 rounds, 100000 and 1000000, if nothing is said.
 * Needs nginx and rclone for the first part.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { watched } from './watched.js';

const [rounds = '3', ...counts] = process.argv.slice(2);
const BIN = fileURLToPath(new URL('../../bin/bucketfill.js', import.meta.url));
const FOLDERS = 200;
const FILES = 1000;

/** A thousand keys a page, a thousand pages a level. */
const ORIGIN = `
  const { createServer } = require('node:http');
  const folders = Number(process.argv[1]) / 1000;
  const page = (names) => '<html><body><pre>' + names.map((n) => '<a href="' + n + '">' + n + '</a>   21-Nov-2026 18:01   1234\\n').join('') + '</pre></body></html>';
  const top = page(Array.from({ length: folders }, (_, i) => 'folder-' + i + '/'));
  const leaf = page(Array.from({ length: 1000 }, (_, i) => 'object-' + i + '.bin'));
  const server = createServer((request, response) => {
    if (request.url === '/robots.txt') return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': 'text/html' }).end(request.url === '/' ? top : leaf);
  });
  server.listen(0, '127.0.0.1', () => process.stdout.write(server.address().port + '\\n'));
`;

function rules(url) {
  return `version: 1
allowPrivate: true
bucket: { url: file:./bucket }
rules: [{ id: all, origins: { masters: ["${url}"] } }]
`;
}

/** Runs a command to its end, and counts the lines on its stdout. */
async function measured(command, args) {
  const started = performance.now();
  let lines = 0;
  let firstMs;
  const onStdout = (chunk) => {
    firstMs ??= performance.now() - started;
    for (const byte of chunk) if (byte === 10) lines += 1;
  };
  const figures = await watched(command, args, { onStdout });
  return { ...figures, lines, firstMs };
}

function tell(name, { code, lines, firstMs = 0, seconds, rssMiB, cpuS }) {
  const figures = [
    `${seconds.toFixed(1)} s`,
    `${cpuS.toFixed(1)} s CPU`,
    `${rssMiB.toFixed(0)} MiB`,
    `first line after ${firstMs.toFixed(0)} ms`,
    `${lines} lines`,
    ...(code === 0 ? [] : [`EXIT ${code}`]),
  ];
  process.stdout.write(`${name}: ${figures.join(', ')}\n`);
}

async function scanOf(folder, url) {
  const file = path.join(folder, 'rules.yaml');
  await writeFile(file, rules(url));
  return measured(process.execPath, [BIN, 'scan', file, '--quiet', '--new-job']);
}

async function makeTree(root) {
  for (let folder = 0; folder < FOLDERS; folder += 1) {
    const at = path.join(root, `d${folder % 10}`, `s${folder}`);
    await mkdir(at, { recursive: true });
    await Promise.all(
      Array.from({ length: FILES }, (_, file) =>
        writeFile(path.join(at, `object-${file}.bin`), ''),
      ),
    );
  }
}

async function startNginx(folder, root) {
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  const config = path.join(folder, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  await writeFile(
    config,
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/log;
${process.getuid() === 0 ? 'user root;' : ''}
events { worker_connections 256; }
http { access_log off; ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
server { listen 127.0.0.1:${port}; root ${root}; autoindex on; } }`,
  );
  const child = spawn('nginx', ['-c', config, '-e', `${folder}/log`], { stdio: 'ignore' });
  await sleep(1000);
  return { url: `http://127.0.0.1:${port}/`, stop: () => child.kill('SIGTERM') };
}

async function besideRclone(folder) {
  const root = path.join(folder, 'tree');
  await makeTree(root);
  const nginx = await startNginx(folder, root);
  const lsf = ['lsf', '-R', '--files-only', '--http-url', nginx.url, ':http:'];
  try {
    for (let round = 0; round < Number(rounds); round += 1) {
      tell('bucketfill scan', await scanOf(folder, nginx.url));
      tell('rclone lsf -R --http-no-head', await measured('rclone', [...lsf, '--http-no-head']));
      tell('rclone lsf -R', await measured('rclone', lsf));
    }
  } finally {
    nginx.stop();
  }
}

async function madeUp(folder, keys) {
  const child = spawn(process.execPath, ['-e', ORIGIN, keys], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [port] = await once(child.stdout, 'data');
  try {
    tell(
      `bucketfill scan, ${keys} keys made up`,
      await scanOf(folder, `http://127.0.0.1:${Number(port)}/`),
    );
  } finally {
    child.kill();
  }
}

const folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-scan-'));
try {
  if (Number(rounds) > 0) await besideRclone(folder);
  for (const keys of counts.length > 0 ? counts : ['100000', '1000000']) await madeUp(folder, keys);
} finally {
  await rm(folder, { recursive: true, force: true });
}
