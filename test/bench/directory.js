/* global AbortController */
/**
 * Measures listing directories: a made tree of small files, as a bucket through its port (files put
 * there by hand, then each with a description, as bucketfill stores them) and as a walked origin;
 * then `verify --level size` of that bucket against that origin through the real binary, beside
 * `rclone check --size-only`, in turns.
 *
 * `npm run bench:directory -- [--files N] [--rounds R]`; 100000 and 3 if nothing is said.
 */
import { lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { fileURLToPath, URL } from 'node:url';
import { parseArgs } from 'node:util';
import { openFileBucket } from '../../dist/bucket/file-bucket.js';
import { descriptionPath, keyHash } from '../../dist/bucket/file-description.js';
import { directoryWalk } from '../../dist/scan/walk/directory.js';
import { watched } from './watched.js';

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '3' },
  },
});
const BIN = fileURLToPath(new URL('../../bin/bucketfill.js', import.meta.url));
const FILES = Number(values.files);
const FILES_A_FOLDER = 1000;

const RULES = `version: 1
bucket: { url: file:./bucket }
rules:
  - id: all
    origins: { masters: ['http://127.0.0.1:1/'] }
scan: [{ rule: all, from: directory, url: ./origin }]
allowPrivate: true
`;

const keyOf = (n) =>
  `media/${String(Math.floor(n / FILES_A_FOLDER)).padStart(4, '0')}/object-${String(n).padStart(7, '0')}.jpg`;

function makeTree(root) {
  for (let n = 0; n < FILES; n += 1) {
    const file = path.join(root, keyOf(n));
    if (n % FILES_A_FOLDER === 0) mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, `${n}`);
  }
}

/** What bucketfill leaves beside every object that it stores. */
function describeAll(root) {
  for (let n = 0; n < FILES; n += 1) {
    const key = keyOf(n);
    const stats = lstatSync(path.join(root, key), { bigint: true });
    const file = path.join(root, descriptionPath(keyHash(key), stats));
    mkdirSync(path.dirname(file), { recursive: true });
    const headers = { 'content-type': 'image/jpeg' };
    const described = { version: 1, key, etag: `"${keyHash(key)}"`, headers, metadata: {} };
    writeFileSync(file, JSON.stringify(described));
  }
}

async function* listed(directory) {
  const owner = { host: 'bench', pid: process.pid, isAlive: () => true };
  const clock = { now: () => Date.now(), sleep: () => Promise.resolve(), random: () => 0.5 };
  const options = { directory, name: 'file:./bucket', clock, owner, onBoundary: () => undefined };
  const bucket = await openFileBucket(options);
  yield* bucket.list({ prefix: '' }, new AbortController().signal);
}

async function* walked(directory) {
  const walk = directoryWalk(directory, () => Date.now());
  const places = [...walk.start()];
  for (let place = places.pop(); place !== undefined; place = places.pop()) {
    for await (const { steps } of walk.walk(place, new AbortController().signal)) {
      for (const step of steps) if (step.kind === 'place') places.push(step.place);
      yield steps.filter(({ kind }) => kind === 'object');
    }
  }
}

async function count(name, pages) {
  const before = process.cpuUsage();
  const started = performance.now();
  let objects = 0;
  for await (const page of pages) objects += page.length;
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - started) / 1000;
  const rssMiB = process.memoryUsage().rss / 2 ** 20;
  const cpu = `${((user + system) / objects).toFixed(1)} us CPU each`;
  const all = `${objects} objects, ${cpu}, ${seconds.toFixed(2)} s, ${rssMiB.toFixed(0)} MiB`;
  process.stdout.write(`${name}: ${all}\n`);
}

async function run(name, command, args) {
  const { code, said, seconds, rssMiB, cpuS } = await watched(command, args);
  const figures = `${seconds.toFixed(1)} s, ${cpuS.toFixed(1)} s CPU, ${rssMiB.toFixed(0)} MiB`;
  const failed = code === 0 ? '' : `, EXIT ${code}: ${said.trim().slice(-500)}`;
  process.stdout.write(`${name}: ${figures}${failed}\n`);
}

const folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-directory-'));
const [origin, bucket, rules] = ['origin', 'bucket', 'rules.yaml'].map((name) =>
  path.join(folder, name),
);

async function measure(what) {
  for (let round = 0; round < Number(values.rounds); round += 1) {
    await count(`directory bucket, ${what}`, listed(bucket));
    await count('directory scan', walked(origin));
    const check = ['check', '--size-only', '--exclude', '/.bucketfill-bucket/**', origin, bucket];
    await run(`verify, ${what}`, process.execPath, [
      BIN,
      'verify',
      rules,
      '--level',
      'size',
      '--quiet',
    ]);
    await run('rclone check --size-only', 'rclone', check);
  }
}

try {
  makeTree(origin);
  await mkdir(bucket);
  await cp(origin, bucket, { recursive: true, preserveTimestamps: true });
  await writeFile(rules, RULES);
  await measure('no descriptions');
  describeAll(bucket);
  await measure('all described');
} finally {
  await rm(folder, { recursive: true, force: true });
}
