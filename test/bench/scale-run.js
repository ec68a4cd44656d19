/* global clearInterval, setInterval */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, URL } from 'node:url';
import { used } from './watched.js';

const BIN = fileURLToPath(new URL('../../bin/bucketfill.js', import.meta.url));

/** Between two looks at the process. */
const LOOK_MS = 50;
/** A slow reader takes this much in this time. */
const SLOW_READ_BYTES = 64 * 1024;
const SLOW_READ_MS = 100;

/** Reads slowly for a while, then as fast as it comes; gives the number of lines. */
async function readSlowly(stdout, slowMs) {
  const fastFromMs = Date.now() + slowMs;
  let objects = 0;
  let rest = '';
  stdout.setEncoding('latin1');
  for await (const chunk of stdout) {
    if (Date.now() < fastFromMs) await sleep((SLOW_READ_MS * chunk.length) / SLOW_READ_BYTES);
    const text = rest + chunk;
    const cut = text.lastIndexOf('\n') + 1;
    for (let at = text.indexOf('"event":"object"'); at >= 0 && at < cut; objects += 1) {
      at = text.indexOf('"event":"object"', at + 1);
    }
    rest = text.slice(cut);
  }
  return objects;
}

/**
 * Starts `migrate` of `list` in `folder`.
 * @param {{ folder: string, list: string, flags: string[], slowMs?: number, profiles?: string }} job
 *   with `slowMs` its events are read: slowly for so long, then fast
 */
export function startMigrate({ folder, list, flags, slowMs, profiles }) {
  const isRead = slowMs !== undefined;
  const node = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
  const args = ['migrate', 'rules.yaml', '--keys', list, '--state', 'state', '--ui', 'none'];
  const json = isRead ? ['--json'] : [];
  const startedMs = Date.now();
  const child = spawn(process.execPath, [...node, BIN, ...args, ...json, ...flags], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      BENCH_ACCESS_KEY_ID: 'bench',
      BENCH_SECRET_ACCESS_KEY: 'bench-secret',
    },
    stdio: ['ignore', isRead ? 'pipe' : 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text));
  let seen = { rssMiB: 0, cpuS: 0 };
  const looking = setInterval(async () => (seen = (await used(child.pid)) ?? seen), LOOK_MS);
  const closed = once(child, 'close').then(([code, signal]) => {
    clearInterval(looking);
    if (code === 0 || code === 130 || signal === 'SIGKILL') return seen;
    throw new Error(`the run ended with ${code}: ${said}`);
  });
  return {
    startedMs,
    closed,
    lines: isRead ? readSlowly(child.stdout, slowMs) : undefined,
    seen: async () => (await used(child.pid)) ?? seen,
    end: async (signal) => {
      child.kill(signal);
      return closed;
    },
  };
}

/** Bytes of the state and of the results log below a folder. */
export async function sizeOf(folder) {
  const names = await readdir(folder, { recursive: true });
  const sizes = await Promise.all(
    names.map(async (name) => ({ name, ...(await sizeOfFile(path.join(folder, name))) })),
  );
  const sum = (part) =>
    sizes.filter(({ name }) => part.test(name)).reduce((bytes, { size }) => bytes + size, 0);
  return { state: sum(/checkpoint\.db(-wal)?$/), results: sum(/\.jsonl\.gz$/) };
}

async function sizeOfFile(file) {
  const stats = await stat(file);
  return { size: stats.isFile() ? stats.size : 0 };
}
