/**
 * Holds the CPU time of a migration of small objects against that of a bare loop of GET and signed
 * PUT, on the same machine in the same minute, so that a slide is seen in CI. The bound is generous:
 * it is no target, `npm run bench` has those. Every object is counted at the sink, and in our report
 * with its length verified.
 *
 * `npm run bench:guard`; ends with 1 where the bound is passed. Needs Linux, nginx and python3.
 */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';

import { runBare, runOurs } from './yard-contestants.js';
import { startYardNginx } from './yard-nginx.js';
import { race, ratios, spread } from './yard-race.js';
import { mustHave } from './yard-small.js';
import { makeTree } from './yard-trees.js';

const OBJECTS = 5000;
const OBJECT_BYTES = 4096;
const ROUNDS = 3;
const CONCURRENCY = 32;
/** Ours took 2.5 to 3 times as much when this was written, the start included. */
const MOST_TIMES = 5;

async function measure(folder) {
  const tree = await makeTree(folder, 'small', Array(OBJECTS).fill(OBJECT_BYTES));
  const nginx = await startYardNginx(folder, OBJECT_BYTES);
  const origin = `${nginx.origin}/small/`;
  const sink = nginx.forgetful;
  const bucket = { url: 's3://bucket/', endpoint: sink };
  const counted = (name, run) => async () => {
    await nginx.reset();
    const figures = await run();
    mustHave(name, await nginx.stored(tree.objects), tree);
    return figures;
  };
  const flags = ['--concurrency', String(CONCURRENCY)];
  const contestants = {
    bucketfill: counted('bucketfill', () => runOurs({ folder, origin, bucket, tree, flags })),
    bare: counted('bare', () => runBare({ folder, origin, sink, tree, concurrency: CONCURRENCY })),
  };
  try {
    return ratios(await race(contestants, ROUNDS), 'bucketfill', 'bare', 'cpuS');
  } finally {
    await nginx.close();
  }
}

const folder = await mkdtemp(path.join(os.tmpdir(), 'bucketfill-guard-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const { median, min, max } = spread(await measure(folder));
const figure = `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`;
process.stdout.write(
  `CPU time of ${OBJECTS} small objects : bare loop = ${figure}, at most ${MOST_TIMES}\n`,
);
process.exitCode = median > MOST_TIMES ? 1 : 0;
