/* global URL */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../bin/bucketfill.js', import.meta.url));

/** `/proc/<pid>/stat` counts CPU time in ticks of 10 ms. */
const TICKS_A_SECOND = 100;
/** A process that used no more than a tick for so long has nothing more to do. */
const QUIET_MS = 200;
/** Half a minute: fetches whose clients have left go on. */
const MOST_QUIET_LOOKS = 150;

export async function freePort() {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address();
  await once(server.close(), 'close');
  return port;
}

/** CPU time of a process and its children so far, in seconds. */
async function cpuS(pid) {
  const [stats, children] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/task/${pid}/children`, 'utf8'),
  ]);
  // Behind the name, which may hold anything: utime and stime are the 14th and 15th field.
  const fields = stats.slice(stats.lastIndexOf(')') + 2).split(' ');
  const own = (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
  const others = await Promise.all(children.split(' ').filter(Boolean).map(cpuS));
  return others.reduce((sum, seconds) => sum + seconds, own);
}

/** CPU time so far, in seconds, once the process has done what is left from before. */
export async function settledCpuS(pid) {
  let before = await cpuS(pid);
  for (let looks = 0; looks < MOST_QUIET_LOOKS; looks += 1) {
    await sleep(QUIET_MS);
    const now = await cpuS(pid);
    const isQuiet = now - before < 1.5 / TICKS_A_SECOND;
    before = now;
    if (isQuiet) break;
  }
  return before;
}

/** The most memory that a process had so far, in MiB. */
export async function peakRssMiB(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

/** Whatever becomes of us, it is not left behind. */
export function endWithUs(child) {
  process.once('exit', () => child.kill());
}

export async function stop(child, signal = 'SIGTERM') {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill(signal);
  await closed;
}

/** The command line of a program, on one processor where `cpu` is given. */
export function onCpu(cpu, command, args) {
  return cpu === undefined ? [command, args] : ['taskset', ['-c', cpu, command, ...args]];
}

const rules = ({ origin, bucket }) => `version: 1
allowPrivate: true
bucket:
  url: s3://bucket/
  endpoint: ${bucket}
  credentials: { env: BENCH }
  conditionalWrites: never
rules:
  - id: all
    origins: { masters: ["${origin}/"] }
    protect: { concurrency: 1024 }
`;

/**
 * Starts `bucketfill serve` between an origin and a bucket.
 * @param {{ folder: string, origin: string, bucket: string, cpu?: string, profiles?: string }} place
 *   with `profiles` it writes a CPU profile there when it ends
 * @returns {Promise<{ url: string, pid: number, close: () => Promise<void> }>}
 */
export async function startServe(place) {
  const { folder, cpu, profiles } = place;
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'rules.yaml'), rules(place));
  const node = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
  const args = ['serve', 'rules.yaml', '--listen', '127.0.0.1:0', '--state', 'state'];
  const child = spawn(...onCpu(cpu, process.execPath, [...node, BIN, ...args]), {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      BENCH_ACCESS_KEY_ID: 'bench',
      BENCH_SECRET_ACCESS_KEY: 'bench-secret',
      BUCKETFILL_ADMIN: '127.0.0.1:0',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  endWithUs(child);
  let said = '';
  const url = await new Promise((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text) => {
      said += text;
      const [, found] = /answers on (http:\/\/[^/\s]+)\//.exec(said) ?? [];
      if (found !== undefined) resolve(found);
    });
    child.once('close', (code) => reject(new Error(`serve ended with ${code}: ${said}`)));
  });
  return { url, pid: child.pid, close: () => stop(child) };
}
