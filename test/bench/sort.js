/* global URL */
/**
 * Measures what a sync does to lists on disk, as `npm run build` made it, each part in a process of
 * its own: a manifest whose lines are shuffled is sorted, one that is sorted already is read, a
 * generation is written and read back. The making of the entries counts into whatever writes them,
 * and is told for itself. It prints a table, and the same as one line of JSON.
 *
 * `node test/bench/sort.js [KEYS]…`; 1000000, if nothing is said.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, readdir, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { openGenerations } from '../../dist/scan/generation/open-generations.js';
import { manifestLine } from '../../dist/scan/journal/manifest-line.js';
import { sortedManifest } from '../../dist/scan/sort/sorted-manifest.js';

const BATCH = 1000;
const never = new globalThis.AbortController().signal;
const FIRST_MS = Date.UTC(2026, 0, 1);

/** Four digits of each number: the entries are to be made in less time than what is measured takes. */
const HEX = Array.from({ length: 65_536 }, (_, number) => number.toString(16).padStart(4, '0'));

/** As a listing of photographs has it: an ETag of MD5's length, a date and a size of its own. */
function entryOf(number) {
  const key = `images/${String(number % 1000).padStart(3, '0')}/product-${String(number).padStart(9, '0')}-large.jpg`;
  const hex = (factor) => {
    const mixed = Math.imul(number, factor);
    return HEX[mixed >>> 16] + HEX[mixed & 0xffff];
  };
  const etag = `"${hex(0x9e3779b1)}${hex(0x85ebca6b)}${hex(0xc2b2ae35)}${hex(0x27d4eb2f)}"`;
  const size = (Math.imul(number, 0x9e3779b1) >>> 8) + 1;
  const lastModifiedMs = FIRST_MS + (number % 20_000_000) * 1000;
  return { key, rule: 'all', originKey: key, size, etag, lastModifiedMs, resolutionMs: 1000 };
}

/** Numbers in the order of their keys. */
function* sortedNumbers(keys) {
  for (let folder = 0; folder < 1000; folder += 1) {
    for (let number = folder; number < keys; number += 1000) yield number;
  }
}

/** Each number once, far from its neighbours: 7,919 and 2 to the power of anything share nothing. */
function* shuffledNumbers(keys) {
  const range = 2 ** Math.ceil(Math.log2(keys));
  for (let index = 0, at = 0; index < range; index += 1, at = (at + 7919 * 4097) % range) {
    if (at < keys) yield at;
  }
}

function* batches(numbers) {
  let batch = [];
  for (const number of numbers) {
    batch.push(entryOf(number));
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}

async function writeManifest(file, numbers) {
  const handle = await open(file, 'w');
  for (const batch of batches(numbers)) await handle.writeFile(batch.map(manifestLine).join(''));
  await handle.close();
}

async function count(stream) {
  let entries = 0;
  for await (const batch of stream) entries += batch.length;
  return entries;
}

async function sortIn(folder) {
  const manifest = path.join(folder, 'manifest.jsonl');
  const { size } = await stat(manifest);
  return count(sortedManifest({ manifest, bytes: size, folder, signal: never }));
}

/** What each part does, in a folder that the ones before it have filled. */
const PARTS = {
  'make a shuffled manifest': (folder, keys) =>
    writeManifest(path.join(folder, 'manifest.jsonl'), shuffledNumbers(keys)),
  'sort a shuffled manifest': sortIn,
  'make a sorted manifest': (folder, keys) =>
    writeManifest(path.join(folder, 'manifest.jsonl'), sortedNumbers(keys)),
  'sort a sorted manifest': sortIn,
  'make entries alone': async (_, keys) => {
    for (const batch of batches(sortedNumbers(keys))) await batch;
  },
  'write a generation': async (folder, keys) => {
    const writer = await openGenerations(path.join(folder, 'generations')).begin();
    for (const batch of batches(sortedNumbers(keys))) {
      await writer.append(
        batch.map((entry) => ({ ...entry, stored: { etag: entry.etag, size: entry.size } })),
      );
    }
    await writer.commit(0);
  },
  'read a generation': async (folder) => {
    const generation = await openGenerations(path.join(folder, 'generations')).latest((line) => {
      throw new Error(line);
    });
    return count(generation.entries(never));
  },
};

async function runPart(name, folder, keys) {
  const started = performance.now();
  const cpu = process.cpuUsage();
  const entries = await PARTS[name](folder, keys);
  const { user, system } = process.cpuUsage(cpu);
  const figures = {
    seconds: (performance.now() - started) / 1000,
    cpuSeconds: (user + system) / 1e6,
    rssMiB: process.resourceUsage().maxRSS / 1024,
    entries: entries ?? keys,
  };
  process.stdout.write(JSON.stringify(figures));
}

async function filesMiB(folder) {
  const names = await readdir(folder, { recursive: true });
  const sizes = await Promise.all(names.map(async (name) => stat(path.join(folder, name))));
  return sizes.reduce((sum, one) => sum + (one.isFile() ? one.size : 0), 0) / 1024 ** 2;
}

async function measured(name, folder, keys) {
  const script = fileURLToPath(new URL(import.meta.url));
  const child = spawn(process.execPath, [script, '--part', name, folder, keys], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${name} failed with ${code}`);
  return { name, keys: Number(keys), ...JSON.parse(text), filesMiB: await filesMiB(folder) };
}

function tell({ name, entries, seconds, cpuSeconds, rssMiB, filesMiB }) {
  const figures = [
    `${seconds.toFixed(2)} s`.padStart(9),
    `${cpuSeconds.toFixed(2)} s CPU`.padStart(13),
    `${rssMiB.toFixed(0)} MiB peak RSS`.padStart(18),
    `${filesMiB.toFixed(1)} MiB of files`.padStart(20),
    `${entries} entries`,
  ];
  process.stdout.write(`${name.padEnd(26)}${figures.join('  ')}\n`);
}

const [first, ...more] = process.argv.slice(2);
if (first === '--part') {
  const [name, folder, keys] = more;
  await runPart(name, folder, Number(keys));
} else {
  const rows = [];
  for (const keys of first === undefined ? ['1000000'] : [first, ...more]) {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-sort-'));
    try {
      for (const name of Object.keys(PARTS)) {
        const place = path.join(folder, name.endsWith('manifest') ? 'manifest' : 'generation');
        await mkdir(place, { recursive: true });
        const row = await measured(name, place, keys);
        if (row.entries !== row.keys) throw new Error(`${name}: ${row.entries} of ${keys} entries`);
        rows.push(row);
        tell(row);
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  process.stdout.write(`${JSON.stringify(rows)}\n`);
}
