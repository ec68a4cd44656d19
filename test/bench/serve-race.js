import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';

import { startBareProxy } from './serve-bare-proxy.js';
import { openConnection } from './serve-connection.js';
import { SIZES, startPeers } from './serve-nginx.js';
import { settledCpuS, startServe } from './serve-process.js';
import { writeWrkScript, wrk } from './serve-wrk.js';

/**
 * Who takes part where, serve apart; and which share of a peer's requests/s is wanted at `least`,
 * where any is.
 */
export const CASES = {
  hits4k: {
    title: '4 KiB hits',
    size: '4k',
    peers: { pass: { least: 0.6, aim: 0.8 }, bare: { least: 0.9 } },
  },
  hits1m: {
    title: '1 MiB hits',
    size: '1m',
    peers: { pass: { least: 0.85 }, bare: { least: 0.85 } },
  },
  misses1m: { title: '1 MiB misses', size: '1m', isMiss: true, peers: { store: {}, bare: {} } },
};

/** Seconds of each contestant's first run, which does not count. */
const WARM_UP_S = 2;

/**
 * Lets serve and its peers take turns on each case, so that what drifts in the machine meets all.
 * @param {{ folder: string, cpu?: string, profiles?: string, seconds: number, rounds: number, connections: number[] }} settings
 * @param {string[]} names of {@link CASES}
 * @param {(table: { title: string, rows: object[] }) => void} onTable told of each case as it ends
 */
export async function race(settings, far, names, onTable) {
  const { folder, cpu, profiles, connections } = settings;
  const script = await writeWrkScript(folder);
  const serve = await startServe({ folder: path.join(folder, 'serve'), cpu, profiles, ...far });
  const peers = await startPeers({ folder: path.join(folder, 'peers'), cpu }, far);
  const bare = await startBareProxy({ origin: far.origin, bucket: far.bucket, cpu });
  const contestants = {
    serve,
    pass: { url: peers.pass, pid: peers.pid },
    store: { url: peers.store, pid: peers.pid },
    bare,
  };
  try {
    for (const name of names) {
      for (const count of connections) {
        const load = { ...settings, script, connections: count, stored: peers.stored };
        onTable(await runCase(load, contestants, name));
      }
    }
  } finally {
    await Promise.all([serve.close(), peers.close(), bare.close()]);
  }
}

async function runCase(load, contestants, name) {
  const { title, size, isMiss = false, peers } = CASES[name];
  const names = ['serve', ...Object.keys(peers)];
  const runs = Object.fromEntries(names.map((contestant) => [contestant, []]));
  for (let round = 0; round <= load.rounds; round += 1) {
    for (const contestant of names) {
      const seconds = round === 0 ? WARM_UP_S : load.seconds;
      const where = { ...contestants[contestant], size, isMiss, tag: `${contestant}-${round}` };
      const told = await turn({ ...load, seconds }, where);
      if (round > 0) runs[contestant].push(told);
    }
  }
  return { title: `${title}, ${load.connections} connections`, rows: rowsOf(runs, peers) };
}

/** One run of one contestant: what wrk saw, and what it cost the server. */
async function turn(load, { url, pid, size, isMiss, tag }) {
  const folder = isMiss ? `/miss${size}/` : `/hit${size}/`;
  const prefix = `${folder}${load.connections}-${tag}-`;
  await mustAnswer(url, `${prefix}0`, SIZES[size]);
  const before = await settledCpuS(pid);
  const told = await wrk({ ...load, url: `${url}${prefix}0`, prefix: isMiss ? prefix : undefined });
  const cpuS = (await settledCpuS(pid)) - before;
  if (isMiss) {
    // A whole run is gigabytes.
    await rm(load.stored, { recursive: true, force: true });
    await mkdir(load.stored);
  }
  return { ...told, cpuPerThousandS: (cpuS / told.requests) * 1000 };
}

async function mustAnswer(url, path, bytes) {
  const connection = await openConnection(url);
  const { status, whole, equal, bytes: got } = await connection.ask(path);
  connection.close();
  if (status === 200 && whole && equal && got === bytes) return;
  throw new Error(`${url}${path} was answered with ${status} and ${got} bytes, expected ${bytes}`);
}

const FIGURES = ['perS', 'p50Ms', 'p99Ms', 'cpuPerThousandS'];

/** Medians; ratios are serve's figure through the peer's of the same round. */
function rowsOf(runs, targets) {
  return Object.entries(runs).map(([contestant, told]) => ({
    contestant,
    ...Object.fromEntries(FIGURES.map((name) => [name, median(told.map((run) => run[name]))])),
    failed: told.reduce((sum, { failed, refused }) => sum + failed + refused, 0),
    ratio: ratioOf(runs.serve, told, 'perS'),
    cpuRatio: ratioOf(runs.serve, told, 'cpuPerThousandS'),
    wanted: targets[contestant] ?? {},
  }));
}

function ratioOf(ours, theirs, name) {
  return median(ours.map((run, round) => run[name] / theirs[round][name]));
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
