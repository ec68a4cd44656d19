/**
 * Measures bucketfill beside its peers, everything on loopback: nginx as the origin; a sink that
 * keeps nothing, one that reads whole bodies, a directory, or radosgw as the bucket; rclone, curl,
 * and a loop of undici requests as the peers. All take turns; every object is counted where it
 * arrives and in our own report, and a run that lacks one ends the measurement.
 *
 * `npm run bench -- [--quick] [--only ROW,…] [--repeats N] [--json FILE]`; rows are small, present,
 * large, mixed, workers, latency, rss, start, directory and radosgw. `--quick` is 2 repeats of
 * smaller work; `--objects N` and `--large-mib N` say how much; `--cpu-prof DIR` keeps profiles of our own runs.
 * Needs Linux, python3, nginx, rclone and curl.
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath, URL } from 'node:url';
import { parseArgs } from 'node:util';

import { largeObjects, mixedObjects } from './yard-large.js';
import { farAway, farObjects } from './yard-latency.js';
import { startYardNginx } from './yard-nginx.js';
import { presentObjects } from './yard-present.js';
import { smallObjects } from './yard-small.js';
import { intoDirectory, intoRadosgw } from './yard-stores.js';
import { figuresTable, machine, verdictsTable } from './yard-table.js';
import { makeTree, mixedSizes } from './yard-trees.js';
import { withWorkers } from './yard-workers.js';

const SMALL_BYTES = 4096;
const LARGE_OBJECTS = 8;
const MIB = 1024 ** 2;
const BIN = fileURLToPath(new URL('../../bin/bucketfill.js', import.meta.url));

/** What is run, for which rows, from which trees. */
const WORKS = [
  { title: 'Small objects, null sink', rows: ['small', 'rss', 'start'], measure: smallObjects },
  { title: 'All there already', rows: ['present'], measure: presentObjects },
  { title: 'Large objects', rows: ['large'], measure: largeObjects },
  { title: 'Mixed sizes', rows: ['mixed'], measure: mixedObjects },
  { title: 'Two threads', rows: ['workers'], measure: withWorkers },
  { title: '100 ms away', rows: ['latency'], measure: farAway },
  { title: 'Small objects, directory', rows: ['directory'], measure: intoDirectory },
  { title: 'Small objects, radosgw', rows: ['radosgw'], measure: intoRadosgw },
];
const ROWS = WORKS.flatMap(({ rows }) => rows);

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: ROWS.join(',') },
    quick: { type: 'boolean', default: false },
    repeats: { type: 'string' },
    objects: { type: 'string', default: '20000' },
    'large-mib': { type: 'string' },
    json: { type: 'string' },
    'cpu-prof': { type: 'string' },
  },
});

function has(command, args) {
  return spawnSync(command, args, { encoding: 'utf8' }).stdout ?? '';
}

/** The rows that were asked for; radosgw only where it is installed. */
function rowsAsked() {
  const asked = values.only.split(',');
  const unknown = asked.filter((name) => !ROWS.includes(name));
  if (unknown.length > 0) {
    throw new Error(`--only: there is no row ${unknown.join(', ')}; there are ${ROWS.join(', ')}`);
  }
  const isThere = has('radosgw', ['--version']) !== '';
  if (!isThere) process.stderr.write('radosgw is not installed: its row is left out\n');
  return asked.filter((name) => name !== 'radosgw' || isThere);
}

async function makeTrees(folder, rows) {
  const { quick } = values;
  const largeMib = Number(values['large-mib'] ?? (quick ? 256 : 1024));
  const sizes = {
    small: () => Array(Number(values.objects)).fill(SMALL_BYTES),
    part: () => Array(quick ? 500 : 5000).fill(SMALL_BYTES),
    large: () => Array(LARGE_OBJECTS).fill(largeMib * MIB),
    mixed: () => mixedSizes(1000, quick ? 8 : 1),
    far: () => Array(farObjects(quick)).fill(SMALL_BYTES),
  };
  const used = (name) =>
    ({
      large: rows.includes('large') || rows.includes('workers'),
      mixed: rows.includes('mixed'),
      part: rows.includes('radosgw'),
      far: rows.includes('latency'),
    })[name] ?? true;
  const trees = {};
  for (const [name, sizesOf] of Object.entries(sizes)) {
    if (used(name)) trees[name] = await makeTree(folder, name, sizesOf());
  }
  return trees;
}

async function main(folder) {
  const rows = rowsAsked();
  const profiles = values['cpu-prof'];
  const yard = {
    folder,
    quick: values.quick,
    repeats: Number(values.repeats ?? (values.quick ? 2 : 5)),
    trees: await makeTrees(folder, rows),
    workers: has(process.execPath, [BIN, 'migrate', '--help']).includes('--workers'),
    node: profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`],
    nginx: await startYardNginx(folder, SMALL_BYTES),
  };
  const told = {
    machine: machine(),
    rclone: has('rclone', ['version']).split('\n')[0],
    repeats: yard.repeats,
    works: [],
  };
  process.stdout.write(`${JSON.stringify({ ...told, works: undefined })}\n`);
  try {
    for (const { title, rows: ofWork, measure } of WORKS) {
      if (!ofWork.some((name) => rows.includes(name))) continue;
      process.stderr.write(`${title}\n`);
      const { runs, verdicts } = await measure(yard);
      const wanted = verdicts.filter(({ row }) => rows.includes(row));
      told.works.push({ title, runs, verdicts: wanted });
      process.stdout.write(figuresTable(title, runs));
    }
  } finally {
    await yard.nginx.close();
  }
  process.stdout.write(verdictsTable(told.works.flatMap(({ verdicts }) => verdicts)));
  if (values.json !== undefined) await writeFile(values.json, JSON.stringify(told, null, 2));
}

const folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-bench-'));
// However it ends: the servers end with the process, and leave only the folder.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
await main(folder);
