/**
 * Measures what a list of millions costs: time to the first copy, time from a kill to the first new
 * copy, memory, and the size of the state, through the real binary. The bucket is a store in a
 * process of its own that makes its keys up; the origin is nginx, or Node where there is none.
 *
 * `npm run bench:scale -- [--entries N[,N…]] [--only NAME[,NAME…]] [--seconds S] [--cpu-prof DIR]`,
 * 1,000,000 entries and all scenarios unless something is said:
 *
 * - `there`: all but the end of the list (1 %, at least 30,000) is in the bucket. Killed among the
 *   absent ones, resumed, interrupted, resumed.
 * - `absent`: the bucket is empty. Interrupted after S seconds (60), resumed, killed, resumed.
 * - `json`: all is in the bucket; stdout is read slowly for S seconds, then fast.
 * - `none`: all is in the bucket, with `--results none`.
 */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startOrigin } from './scale-origin.js';
import { sizeOf, startMigrate } from './scale-run.js';
import { keyOf, startStore } from './scale-store.js';

const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '1000000' },
    only: { type: 'string', default: 'there,absent,json,none' },
    seconds: { type: 'string', default: '60' },
    'cpu-prof': { type: 'string' },
  },
});
const SLOW_MS = Number(values.seconds) * 1000;

/** What the project wants; see the table's last line. */
const TARGETS = { firstCopyS: 1, resumeS: 2, rssMiB: 250, stateBytes: 16 };

/** Enough that three runs do not copy all of them. */
const LEAST_ABSENT = 30_000;
/** How long a run goes on behind the first new copy before it is ended. */
const COPYING_MS = 1500;

async function writeList(file, entries) {
  const output = createWriteStream(file);
  for (let from = 0; from < entries; from += 10_000) {
    const to = Math.min(from + 10_000, entries);
    let text = '';
    for (let number = from; number < to; number += 1) text += `${keyOf(number)}\n`;
    if (!output.write(text)) await once(output, 'drain');
  }
  await new Promise((resolve) => output.end(resolve));
}

const rules = (origin, store) => `version: 1
allowPrivate: true
bucket:
  url: s3://bucket/
  endpoint: ${store}
  credentials: { env: BENCH }
rules:
  - id: all
    origins: { masters: ["${origin}/"] }
`;

/** Starts a run that is ended when it has copied for a while; tells when the first copy came. */
async function toFirstCopy(place, store, flags, copyingMs) {
  const stored = store.nextStored();
  const before = await store.counts();
  const run = startMigrate({ ...place, flags });
  const storedAtMs = await Promise.race([
    stored,
    run.closed.then(() => Promise.reject(new Error('the run ended before it copied anything'))),
  ]);
  const { cpuS } = await run.seen();
  const { listings } = await store.counts();
  await sleep(copyingMs);
  const after = await store.counts();
  return {
    seconds: (storedAtMs - run.startedMs) / 1000,
    cpuS,
    listings: listings - before.listings,
    copiesPerS: (after.stored - before.stored) / ((Date.now() - storedAtMs) / 1000),
    end: (signal) => run.end(signal),
  };
}

/** Resumes twice, after what ended the run before and then after `second`. */
async function resumeTwice(place, store, flags, second) {
  const one = await toFirstCopy(place, store, flags, COPYING_MS);
  const { rssMiB } = await one.end(second);
  const other = await toFirstCopy(place, store, flags, COPYING_MS);
  const last = await other.end('SIGKILL');
  return { seconds: [one.seconds, other.seconds], rssMiB: Math.max(rssMiB, last.rssMiB) };
}

async function there(place, entries) {
  const present = entries - Math.max(LEAST_ABSENT, Math.ceil(entries / 100));
  return withStore(place, entries, present, async (store) => {
    const first = await toFirstCopy(place, store, [], COPYING_MS);
    const { rssMiB } = await first.end('SIGKILL');
    const { state, results } = await sizeOf(place.folder);
    const resumed = await resumeTwice(place, store, [], 'SIGINT');
    return {
      name: 'all there but the end',
      seconds: first.seconds,
      perS: present / first.seconds,
      cpuS: first.cpuS,
      rssMiB,
      listings: first.listings,
      resumeS: resumed.seconds,
      resumeRssMiB: resumed.rssMiB,
      stateBytes: state / present,
      resultBytes: results / present,
    };
  });
}

async function absent(place, entries) {
  return withStore(place, entries, 0, async (store) => {
    const first = await toFirstCopy(place, store, [], SLOW_MS);
    const { rssMiB, cpuS } = await first.end('SIGINT');
    const { stored, listings } = await store.counts();
    const { state, results } = await sizeOf(place.folder);
    const resumed = await resumeTwice(place, store, [], 'SIGKILL');
    return {
      name: `nothing there, ${SLOW_MS / 1000} s of copying`,
      seconds: SLOW_MS / 1000,
      perS: first.copiesPerS,
      cpuS,
      rssMiB,
      listings,
      firstCopyS: first.seconds,
      resumeS: resumed.seconds,
      resumeRssMiB: resumed.rssMiB,
      stateBytes: state / stored,
      resultBytes: results / stored,
    };
  });
}

/** A run over a list that is in the bucket, to its end. */
async function whole(place, entries, name, flags, isJson) {
  return withStore(place, entries, entries, async (store) => {
    const run = startMigrate({ ...place, flags, slowMs: isJson ? SLOW_MS : undefined });
    const { rssMiB, cpuS } = await run.closed;
    const seconds = (Date.now() - run.startedMs) / 1000;
    const told = await run.lines;
    if (told !== undefined && told !== entries) throw new Error(`${told} of ${entries} were told`);
    const { listings } = await store.counts();
    const { state, results } = await sizeOf(place.folder);
    const sizes = { stateBytes: state / entries, resultBytes: results / entries };
    return { name, seconds, perS: entries / seconds, cpuS, rssMiB, listings, ...sizes };
  });
}

const SCENARIOS = {
  there,
  absent,
  json: (place, entries) =>
    whole(place, entries, `--json, a slow reader for ${SLOW_MS / 1000} s`, [], true),
  none: (place, entries) => whole(place, entries, '--results none', ['--results', 'none'], false),
};

async function withStore(place, entries, present, work) {
  const store = await startStore(entries, present);
  try {
    await writeFile(path.join(place.folder, 'rules.yaml'), rules(place.origin, store.url));
    return await work(store);
  } finally {
    await store.close();
    await rm(path.join(place.folder, 'state'), { recursive: true, force: true });
  }
}

const shown = (number, digits = 0) =>
  number === undefined
    ? ''
    : number.toLocaleString('en-US', {
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
      });

/** A column: its title and what it says of a row. */
const COLUMNS = [
  ['', ({ name }) => name],
  ['entries', ({ entries }) => shown(entries)],
  ['s', ({ seconds }) => shown(seconds, 1)],
  ['a second', ({ perS }) => shown(perS)],
  ['CPU s', ({ cpuS }) => shown(cpuS, 1)],
  ['listings', ({ listings }) => shown(listings)],
  ['first copy, s', ({ firstCopyS }) => shown(firstCopyS, 2)],
  ['resume to a new copy, s', ({ resumeS = [] }) => resumeS.map((s) => shown(s, 2)).join(', ')],
  ['peak RSS, MiB', ({ rssMiB }) => shown(rssMiB)],
  ['of resumes', ({ resumeRssMiB }) => shown(resumeRssMiB)],
  ['state, B an object', ({ stateBytes }) => shown(stateBytes, 2)],
  ['results', ({ resultBytes }) => shown(resultBytes, 2)],
];

const print = (text) => process.stdout.write(`${text}\n`);

function missed(row) {
  const { firstCopyS = 0, resumeS = [], rssMiB, resumeRssMiB = 0, stateBytes } = row;
  const found = [
    ['first copy, s', firstCopyS, TARGETS.firstCopyS],
    ['resume, s', Math.max(0, ...resumeS), TARGETS.resumeS],
    ['peak RSS, MiB', Math.max(rssMiB, resumeRssMiB), TARGETS.rssMiB],
    ['state, B an object', stateBytes, TARGETS.stateBytes],
  ];
  return found
    .filter(([, got, wanted]) => got > wanted)
    .map(
      ([what, got, wanted]) =>
        `${row.name}, ${shown(row.entries)}: ${what} ${shown(got, 2)} > ${wanted}`,
    );
}

async function measure(sizes, names) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-scale-'));
  const origin = await startOrigin(folder);
  const rows = [];
  try {
    print(`Node ${process.version}, ${os.cpus().length} cores, origin ${origin.kind}\n`);
    print(`|${COLUMNS.map(([title]) => ` ${title} |`).join('')}`);
    print(`|${COLUMNS.map(() => '---|').join('')}`);
    for (const entries of sizes) {
      const list = path.join(folder, 'keys.txt');
      await writeList(list, entries);
      for (const name of names) {
        const row = await SCENARIOS[name](
          { folder, list, origin: origin.url, profiles: values['cpu-prof'] },
          entries,
        );
        rows.push({ ...row, entries });
        print(`|${COLUMNS.map(([, say]) => ` ${say({ ...row, entries })} |`).join('')}`);
      }
    }
  } finally {
    await origin.close();
    await rm(folder, { recursive: true, force: true });
  }
  const misses = rows.flatMap(missed);
  print(misses.length === 0 ? '\nEvery target is met.' : `\nMissed:\n- ${misses.join('\n- ')}`);
}

await measure(values.entries.split(',').map(Number), values.only.split(','));
