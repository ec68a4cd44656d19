import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Waits for a program as no other one waits for it, so that what it used is exact to the end, with
 * all processes that it waited for itself. Polling /proc misses the last moments.
 */
const WAITER = `
import json, os, sys, time
at, started = time.time(), time.monotonic()
pid = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_CLOSE, 3)])
_, status, used = os.wait4(pid, 0)
told = {"code": os.waitstatus_to_exitcode(status), "startedAtMs": at * 1000,
        "seconds": time.monotonic() - started, "cpuS": used.ru_utime + used.ru_stime,
        "rssMiB": used.ru_maxrss / 1024}
os.write(3, json.dumps(told).encode())
`;

/** As much of what a program says as helps to tell why it failed. */
const MOST_SAID = 2000;

/**
 * Runs a program to its end.
 * @param {{ command: string, args: string[], env: Record<string, string>, cwd?: string }} program
 * @returns {Promise<{ startedAtMs: number, seconds: number, cpuS: number, rssMiB: number, stdout: string }>}
 * @throws Error where it ends with anything but 0
 */
export async function measured({ command, args, env, cwd }) {
  const child = spawn('python3', ['-c', WAITER, command, ...args], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const said = child.stdio.slice(1).map((stream) => {
    const chunks = [];
    stream.setEncoding('utf8').on('data', (text) => chunks.push(text));
    return chunks;
  });
  await once(child, 'close');
  const [stdout, stderr, told] = said.map((chunks) => chunks.join(''));
  if (told === '') throw new Error(`python3 could not start ${command}: ${stderr}`);
  const { code, ...figures } = JSON.parse(told);
  if (code !== 0) {
    const why = stderr.trim().slice(-MOST_SAID);
    throw new Error(`${[command, ...args].join(' ')} ended with ${code}: ${why}`);
  }
  return { ...figures, stdout };
}
