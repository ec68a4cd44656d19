/* global AbortController */
/**
 * Measures our own lane to S3 beside the SDK's: signatures a second, and PUTs of 4 KiB into a sink
 * that keeps nothing. It runs what `npm run build` made and prints two tables.
 *
 * `node test/bench/s3.js [ROUNDS]`; the contestants take turns in every round.
 */
import { performance } from 'node:perf_hooks';
import process from 'node:process';

import { startNullSink } from './null-sink.js';
import { openOwnLane, openSdkLane, putAll } from './put-contestants.js';
import { ownSigner, smithySigner } from './sign-contestants.js';

const ROUNDS = Number(process.argv[2] ?? 5);

/** Operations a round. */
const SIGNATURES = 20_000;
const OBJECTS = 4_000;

/** Requests under way at once. */
const CONCURRENCY = 32;

const signing = await race(
  { own: ownSigner(), '@smithy/signature-v4': smithySigner() },
  SIGNATURES,
);
print(`Signatures (PutObject, key already derived), ${ROUNDS} rounds of ${SIGNATURES}`, signing);

const sink = await startNullSink();
try {
  const own = openOwnLane(sink.url, CONCURRENCY, new AbortController().signal);
  const sdk = openSdkLane(sink.url, CONCURRENCY);
  const contestants = {
    own: (count) => putAll(own.put, count, CONCURRENCY),
    'client-s3': (count) => putAll(sdk.put, count, CONCURRENCY),
  };
  const putting = await race(contestants, OBJECTS);
  const how = `into ${sink.kind}, ${CONCURRENCY} at once`;
  print(`PUTs of 4 KiB ${how}, ${ROUNDS} rounds of ${OBJECTS}`, putting);
  await own.close();
  sdk.close();
} finally {
  await sink.close();
}

/** Lets each contestant do `count` operations a round, after one round that does not count. */
async function race(contestants, count) {
  const rows = new Map(Object.keys(contestants).map((name) => [name, []]));
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [name, run] of Object.entries(contestants)) {
      const startMs = performance.now();
      const cpuBefore = process.cpuUsage();
      await run(count);
      const { user, system } = process.cpuUsage(cpuBefore);
      const elapsedMs = performance.now() - startMs;
      if (round === 0) continue;
      rows.get(name).push({
        perSecond: (count / elapsedMs) * 1000,
        cpuMs: (user + system) / 1000 / count,
      });
    }
  }
  return rows;
}

function print(title, rows) {
  process.stdout.write(`\n${title}\n\n| | per second | CPU ms each |\n|---|---|---|\n`);
  for (const [name, rounds] of rows) {
    const perSecond = spread(rounds.map((round) => round.perSecond));
    const cpuMs = spread(rounds.map((round) => round.cpuMs));
    process.stdout.write(`| ${name} | ${shown(perSecond, 0)} | ${shown(cpuMs, 4)} |\n`);
  }
}

function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: sorted[sorted.length >> 1], min: sorted[0], max: sorted.at(-1) };
}

function shown({ median, min, max }, digits) {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}
