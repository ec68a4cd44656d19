import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { main } from '../../src/cli/main.ts';
import { processSurroundings } from '../../src/cli/surroundings.ts';
import type { ObjectEvent, RunEvent, SummaryEvent } from '../../src/model/event.ts';

const BIN = fileURLToPath(new URL('../../bin/bucketfill.js', import.meta.url));
const KILLED = fileURLToPath(new URL('./killed-at-boundary.js', import.meta.url));

export interface CliResult {
  /** Null where a signal ended the process. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as JSON Lines; half a line at the end of a killed run is left out. */
  readonly events: readonly RunEvent[];
  readonly objects: readonly ObjectEvent[];
  readonly summary: SummaryEvent | undefined;
}

export interface CliOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
  /** stdin is never closed. */
  readonly stdinStaysOpen?: boolean;
  /** stdout is a terminal. */
  readonly onTerminal?: boolean;
  /** A process of its own, from `bin`; implied where the test acts upon it. */
  readonly ownProcess?: boolean;
  /** Kills the process with SIGKILL at the n-th time that it reaches a boundary. */
  readonly killAt?: { readonly boundary: string; readonly time: number };
  /** Called as the process starts: to send signals while it runs. */
  readonly onStart?: (child: RunningCli) => void;
}

export interface RunningCli {
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Everything on stdout so far. */
  readonly stdout: () => string;
  /** Everything on stderr so far. */
  readonly stderr: () => string;
  readonly closeStdout: () => void;
  readonly closeStderr: () => void;
  /** Stops taking what comes on stdout, as a reader that hangs. */
  readonly pauseStdout: () => void;
}

/**
 * Runs one command line to its end: in a process of its own where the test acts upon that, else
 * in this one, with streams, environment and folder of its own, which saves the start of Node.
 */
export async function runCli(
  args: readonly string[],
  options: CliOptions = {},
): Promise<CliResult> {
  const { killAt, onStart, stdinStaysOpen, ownProcess } = options;
  const actsUponIt = killAt !== undefined || onStart !== undefined || stdinStaysOpen === true;
  // Commander reads the flags' variables from the process itself.
  const setsFlags = Object.keys(options.env ?? {}).some((name) => name.startsWith('BUCKETFILL_'));
  return actsUponIt || setsFlags || ownProcess === true
    ? runProcess(args, options)
    : runHere(args, options);
}

async function runHere(args: readonly string[], options: CliOptions): Promise<CliResult> {
  const stdout = gathered();
  const stderr = gathered();
  const code = await main(args, {
    ...processSurroundings(),
    env: { ...options.env },
    cwd: options.cwd ?? process.cwd(),
    stdin: Readable.from([Buffer.from(options.stdin ?? '')], { objectMode: false }),
    stdout: Object.assign(stdout.stream, { isTTY: options.onTerminal === true }),
    stderr: stderr.stream,
    exitNow: (status) => {
      throw new Error(`would have ended the process at once, with ${String(status)}`);
    },
    onSignal: () => () => undefined,
  });
  return toResult(code, await stdout.text(), await stderr.text());
}

function gathered(): { readonly stream: Writable; readonly text: () => Promise<string> } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      setImmediate(done);
    },
  });
  const text = async (): Promise<string> => {
    stream.end();
    await finished(stream);
    return Buffer.concat(chunks).toString();
  };
  return { stream, text };
}

async function runProcess(args: readonly string[], options: CliOptions): Promise<CliResult> {
  const { killAt, stdin, onStart } = options;
  const entry = killAt === undefined ? [BIN] : [KILLED, killAt.boundary, String(killAt.time)];
  const child = spawn(process.execPath, [...entry, ...args], {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'] ?? '', ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => undefined);
  child.stdin.write(stdin ?? '');
  if (options.stdinStaysOpen !== true) child.stdin.end();
  const closed = once(child, 'close');
  onStart?.({
    kill: (signal) => child.kill(signal),
    stdout: () => stdout,
    stderr: () => stderr,
    closeStdout: () => child.stdout.destroy(),
    closeStderr: () => child.stderr.destroy(),
    pauseStdout: () => child.stdout.pause(),
  });
  await once(child, 'exit');
  // Whoever hung is read to the end; a stdin that stays open must not keep this process.
  child.stdin.destroy();
  child.stdout.resume();
  if (!child.stdout.destroyed || !child.stderr.destroyed) await closed;
  return toResult(child.exitCode, stdout, stderr);
}

function toResult(code: number | null, stdout: string, stderr: string): CliResult {
  const events = parseEvents(stdout);
  return {
    code,
    stdout,
    stderr,
    events,
    objects: events.filter((event) => event.event === 'object'),
    summary: events.find((event) => event.event === 'summary'),
  };
}

function parseEvents(stdout: string): RunEvent[] {
  const lines = stdout.split('\n');
  const complete = lines.slice(0, -1).filter((line) => line.startsWith('{"event":'));
  return complete.map((line) => JSON.parse(line) as RunEvent);
}
