import { spawn } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ServeEvent } from './serve-here.ts';
import type { Workplace } from './workplace.ts';

const BIN = fileURLToPath(new URL('../../bin/bucketfill.js', import.meta.url));

/** How a process ended. */
export interface ProcessEnd {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A `serve` in a process of its own. */
export interface ServeProcess {
  /** `http://127.0.0.1:port`, without a slash at its end. */
  readonly url: string;
  /** The admin port's, likewise. */
  readonly adminUrl: string;
  /** The end of what is on stderr so far. */
  readonly log: () => string;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly exit: Promise<ProcessEnd>;
  readonly usage: () => Promise<ProcessUsage>;
}

/** What a process holds, as the kernel sees it. */
export interface ProcessUsage {
  readonly rssBytes: number;
  /** Open descriptors of any kind. */
  readonly descriptors: number;
  readonly sockets: number;
  /** Files without a name any more: bodies on their way. */
  readonly unnamedFiles: number;
}

/** Of stderr so much is kept. */
const KEPT_LOG = 64 * 1024;

/**
 * Starts `serve` by the rules of a workplace, from `bin`, on ports that the system gives.
 * @param onEvent told of each line of `--json`
 * @throws where it ends instead of answering, with what it said.
 */
export async function serveProcess(
  place: Pick<Workplace, 'rules'>,
  env: Readonly<Record<string, string>>,
  onEvent?: (event: ServeEvent) => void,
): Promise<ServeProcess> {
  const flags = ['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--json'];
  const child = spawn(process.execPath, [BIN, 'serve', place.rules, ...flags], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  createInterface(child.stdout).on('line', (line) => {
    // A killed process may leave half a line.
    if (line.endsWith('}')) onEvent?.(JSON.parse(line) as ServeEvent);
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-KEPT_LOG);
  });
  const killLeft = (): void => {
    child.kill('SIGKILL');
  };
  // A test that is given up leaves no process behind.
  process.setMaxListeners(0).once('exit', killLeft);
  const exit = new Promise<ProcessEnd>((resolve) => {
    child.once('exit', (code, signal) => {
      process.off('exit', killLeft);
      resolve({ code, signal });
    });
  });
  await new Promise<void>((resolve) => {
    child.stderr.on('data', () => {
      if (log.includes('answers on ')) resolve();
    });
    child.once('close', resolve);
  });
  const [, url] = /answers on (http:\/\/[^/\s]+)\//.exec(log) ?? [];
  const [, adminUrl] = /status page on (http:\/\/[^/\s]+)\//.exec(log) ?? [];
  if (url === undefined || adminUrl === undefined) {
    throw new Error(`serve ended before it answered: ${log}`);
  }
  return {
    url,
    adminUrl,
    log: () => log,
    kill: (signal) => child.kill(signal),
    exit,
    usage: () => usageOf(child.pid ?? 0),
  };
}

async function usageOf(pid: number): Promise<ProcessUsage> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const [, kib = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  const numbers = await readdir(`/proc/${pid}/fd`);
  // One that was closed meanwhile is none.
  const links = await Promise.all(
    numbers.map((number) => readlink(`/proc/${pid}/fd/${number}`).catch(() => undefined)),
  );
  const open = links.filter((link) => link !== undefined);
  return {
    rssBytes: Number(kib) * 1024,
    descriptors: open.length,
    sockets: open.filter((link) => link.startsWith('socket:')).length,
    unnamedFiles: open.filter((link) => link.endsWith('(deleted)')).length,
  };
}
