/**
 * Measures `bucketfill serve` beside nginx and beside a bare proxy of node:http and undici, in one
 * run and in turns. It runs what `npm run build` made, needs `nginx` and `wrk`, and prints Markdown.
 *
 * `node test/bench/serve.js [--only hits4k,hits1m,misses1m,herd,firstByte] [--seconds 5] [--rounds 3]
 * [--connections 32,512] [--herds 500x64,16x1024] [--samples 200] [--cpu N] [--cpu-prof DIR]`;
 * `--cpu` binds serve and its peers to one processor, so that the load has the others to itself.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';

import { measureFirstByte } from './serve-first-byte.js';
import { runHerd } from './serve-herd.js';
import { startFarSide } from './serve-nginx.js';
import { CASES, race } from './serve-race.js';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'hits4k,hits1m,misses1m,herd,firstByte' },
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '32,512' },
    herds: { type: 'string', default: '500x64,16x1024' },
    samples: { type: 'string', default: '200' },
    cpu: { type: 'string' },
    'cpu-prof': { type: 'string' },
  },
});

const NAMES = {
  serve: 'bucketfill serve',
  pass: 'nginx proxy_pass',
  store: 'nginx proxy_store',
  bare: 'bare node:http + undici',
};

/** What the project wants of the parts that have no peer. */
const TARGETS = { originGets: 1, rssMiB: 300, firstByteMs: 1 };

const misses = [];

const print = (text) => process.stdout.write(`${text}\n`);
const shown = (number, digits) =>
  number.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

function printTable(title, columns, rows) {
  print(`\n## ${title}\n`);
  print(`|${columns.map(([name]) => ` ${name} |`).join('')}`);
  print(`|${columns.map(() => '---|').join('')}`);
  for (const row of rows) print(`|${columns.map(([, say]) => ` ${say(row)} |`).join('')}`);
}

/** Serve's figure as a multiple of the peer's. */
const RACE_COLUMNS = [
  ['', ({ contestant }) => NAMES[contestant]],
  ['requests/s', ({ perS }) => shown(perS, 0)],
  ['p50, ms', ({ p50Ms }) => shown(p50Ms, 2)],
  ['p99, ms', ({ p99Ms }) => shown(p99Ms, 2)],
  ['CPU s a 1,000', ({ cpuPerThousandS }) => shown(cpuPerThousandS, 3)],
  ['failed', ({ failed }) => failed],
  ['serve: requests/s ×', ({ contestant, ratio }) => besides(contestant, shown(ratio, 2))],
  ['wanted', ({ wanted: { least, aim } }) => wantedText(least, aim)],
  ['serve: CPU ×', ({ contestant, cpuRatio }) => besides(contestant, shown(cpuRatio, 2))],
];

const wantedText = (least, aim) =>
  (least === undefined ? '' : `≥ ${least}`) + (aim === undefined ? '' : `, aim ${aim}`);
const besides = (contestant, text) => (contestant === 'serve' ? '' : text);

function onRace({ title, rows }) {
  printTable(title, RACE_COLUMNS, rows);
  for (const { contestant, perS, ratio, wanted, failed } of rows) {
    const name = NAMES[contestant];
    if (perS === 0) misses.push(`${title}: ${name} finished no request while it was watched`);
    if (ratio < wanted.least)
      misses.push(`${title}: ${shown(ratio, 2)} × ${name}, wanted ≥ ${wanted.least}`);
    if (failed > 0) misses.push(`${title}: ${name} failed ${failed} requests`);
  }
}

const HERD_COLUMNS = [
  ['clients', ({ clients }) => clients],
  ['object, MiB', ({ mib }) => shown(mib, 0)],
  ['origin GETs (1)', ({ originGets }) => originGets],
  ['bucket GETs', ({ bucketGets }) => bucketGets],
  ['whole and equal', ({ equal }) => equal],
  ['stored', ({ stored }) => (stored ? 'yes' : 'no')],
  ['peak RSS, MiB (≤ 300)', ({ rssMiB }) => shown(rssMiB, 0)],
  ['s', ({ seconds }) => shown(seconds, 1)],
  ['MiB/s to clients', ({ bytes, seconds }) => shown(bytes / 1024 ** 2 / seconds, 0)],
  ['CPU s', ({ cpuS }) => shown(cpuS, 1)],
  ['answers', ({ marks }) => counted(marks)],
];

const counted = (marks) =>
  Object.entries(marks)
    .map(([mark, count]) => `${mark}: ${count}`)
    .join(', ');

async function herd(place) {
  const rows = [];
  for (const wanted of values.herds.split(',')) {
    rows.push(await runHerd(place, ...wanted.split('x').map(Number)));
  }
  printTable('One cold object for many clients', HERD_COLUMNS, rows);
  for (const { clients, mib, originGets, equal, stored, rssMiB } of rows) {
    const what = `${clients} clients on ${mib} MiB`;
    if (originGets !== TARGETS.originGets) misses.push(`${what}: ${originGets} origin GETs`);
    if (equal !== clients) misses.push(`${what}: ${equal} answers were whole and equal`);
    if (!stored) misses.push(`${what}: the object was not stored`);
    if (rssMiB > TARGETS.rssMiB) misses.push(`${what}: peak RSS ${shown(rssMiB, 0)} MiB`);
  }
}

const both = ({ p50, p99 }) => `${shown(p50, 2)} / ${shown(p99, 2)}`;
const FIRST_BYTE_COLUMNS = [
  ['p50 / p99, ms', ({ size }) => size],
  ['origin', ({ origin }) => both(origin)],
  ["bucket's 404", ({ bucket }) => both(bucket)],
  ['serve, a miss', ({ serve }) => both(serve)],
  ["serve, after the origin's (p50 ≤ 1)", ({ after }) => both(after)],
  ["bare, after the origin's", ({ bareAfter }) => both(bareAfter)],
  ['serve − origin', ({ delay }) => both(delay)],
  ['bare − origin', ({ bareDelay }) => both(bareDelay)],
  ['to the last byte, serve − origin', ({ whole }) => both(whole)],
];

async function firstByte(place, far) {
  const rows = [];
  for (const size of ['64k', '1m']) {
    rows.push({ size, ...(await measureFirstByte(place, far, size, Number(values.samples))) });
  }
  printTable('First byte on a miss', FIRST_BYTE_COLUMNS, rows);
  for (const { size, after } of rows) {
    if (after.p50 <= TARGETS.firstByteMs) continue;
    misses.push(`first byte on a miss, ${size}: ${shown(after.p50, 2)} ms after the origin's`);
  }
}

async function measure(folder, names) {
  const place = { folder, cpu: values.cpu, profiles: values['cpu-prof'] };
  const far = await startFarSide(path.join(folder, 'far'));
  const settings = {
    ...place,
    seconds: Number(values.seconds),
    rounds: Number(values.rounds),
    connections: values.connections.split(',').map(Number),
  };
  const cores = os.cpus().length;
  print(`Node ${process.version}, ${cores} cores; ${values.rounds} rounds of ${values.seconds} s`);
  try {
    const cases = names.filter((name) => name in CASES);
    if (cases.length > 0) await race(settings, far, cases, onRace);
    if (names.includes('herd')) await herd(place);
    if (names.includes('firstByte')) await firstByte(place, far);
  } finally {
    await far.close();
  }
  print(misses.length === 0 ? '\nEvery target is met.' : `\nMissed:\n- ${misses.join('\n- ')}`);
}

const folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-serve-'));
try {
  await measure(folder, values.only.split(','));
} finally {
  await rm(folder, { recursive: true, force: true });
}
