import os from 'node:os';
import process from 'node:process';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock, OnBoundary } from '../model/ports.ts';
import { busyShareOf } from './busy-share.ts';

/** Everything of the process that commands may touch; tests hand in their own. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly pid: number;
  readonly host: string;
  readonly clock: Clock;
  /** As `clock`, but nobody can set it: for who keeps moments in memory and waits for them. */
  readonly steadyClock: Clock;
  /** Makes what tells the share of the time since it was last asked that this thread was busy. */
  readonly busyShare: () => () => number;
  readonly onBoundary: OnBoundary;
  /** Ends the process at once, whatever still waits. */
  readonly exitNow: (code: number) => void;
  /** Calls `listener` for each SIGINT and SIGTERM until the returned function is called. */
  readonly onSignal: (listener: (signal: 'SIGINT' | 'SIGTERM') => void) => () => void;
  /** Calls `listener` for each SIGHUP until the returned function is called. */
  readonly onReload: (listener: () => void) => () => void;
}

const clock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    try {
      await sleep(ms, undefined, { signal });
    } catch (error) {
      // The timer's own AbortError would hide why it was aborted.
      signal.throwIfAborted();
      throw error;
    }
  },
  random: () => Math.random(),
};

/** Each look at it is a call into Node's own. */
const { timeOrigin } = performance;

const steadyClock: Clock = { ...clock, now: () => timeOrigin + performance.now() };

/** The real process. */
export function processSurroundings(): Surroundings {
  return {
    env: process.env,
    cwd: process.cwd(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    pid: process.pid,
    host: os.hostname(),
    clock,
    steadyClock,
    busyShare: () => busyShareOf(performance),
    onBoundary: () => undefined,
    exitNow: (code) => process.exit(code),
    onReload: (listener) => {
      process.on('SIGHUP', listener);
      return () => {
        process.off('SIGHUP', listener);
      };
    },
    onSignal: (listener) => {
      process.on('SIGINT', listener);
      process.on('SIGTERM', listener);
      return () => {
        process.off('SIGINT', listener);
        process.off('SIGTERM', listener);
      };
    },
  };
}
