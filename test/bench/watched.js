/* global clearInterval, setInterval */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';

/** Between two looks at a process. */
const LOOK_MS = 20;
/** `/proc/<pid>/stat` counts CPU time in ticks of 10 ms. */
const TICKS_A_SECOND = 100;

/**
 * Memory (the peak, in MiB) and CPU time of a process so far, in seconds.
 * @param {number} pid
 * @returns {Promise<{ rssMiB: number, cpuS: number } | undefined>} undefined once it ended
 */
export async function used(pid) {
  const [status, stats] = await Promise.all(
    ['status', 'stat'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
  );
  const [, kib] = /VmHWM:\s+(\d+) kB/.exec(status) ?? [];
  if (kib === undefined) return undefined;
  // Behind the name, which may hold anything: utime and stime are the 14th and 15th field.
  const fields = stats.slice(stats.lastIndexOf(')') + 2).split(' ');
  return {
    rssMiB: Number(kib) / 1024,
    cpuS: (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND,
  };
}

/**
 * Runs a program to its end, and looks at what it uses.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: Record<string, string | undefined>, onStdout?: (chunk: Buffer) => void }} options
 *   with `onStdout` its stdout goes there, and nothing of it is kept
 * @returns {Promise<{ code: number | null, said: string, seconds: number, rssMiB: number, cpuS: number }>}
 */
export async function watched(command, args, { env, onStdout } = {}) {
  const started = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  let seen = { rssMiB: 0, cpuS: 0 };
  let said = '';
  const look = setInterval(() => {
    used(child.pid).then((now) => (seen = now ?? seen));
  }, LOOK_MS);
  child.stdout.on('data', onStdout ?? ((text) => (said += text)));
  child.stderr.on('data', (text) => (said += text));
  const [code] = await once(child, 'close');
  clearInterval(look);
  return { code, said, seconds: (performance.now() - started) / 1000, ...seen };
}
