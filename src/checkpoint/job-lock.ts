import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { FatalError } from '../model/failure.ts';
import type { Clock } from '../model/ports.ts';
import { exclusiveLock } from './exclusive-lock.ts';
import { JOB_ADVICE } from './state-failure.ts';

/** Who works on a job; shown to whoever finds it locked. */
export interface JobHolder {
  readonly pid: number;
  readonly host: string;
  readonly command: string;
}

export interface JobLockOptions {
  /** The job's directory, which exists. */
  readonly directory: string;
  readonly holder: JobHolder;
  /** Waits for the job where another run holds it. */
  readonly wait: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told once, in a line, when waiting begins. */
  readonly onWaiting: ((message: string) => void) | undefined;
}

/** For the moment that somebody looks whether the lock is held. */
const LOOKED_AT_MS = 50;

/** How often a waiting run looks whether the job is free. */
const POLL_MS = 500;

/**
 * Takes a job for this process by a lock on its `lock.db`, which the kernel ends with the process.
 * `lock.json` beside it only tells people who holds it.
 * @returns what gives the job back; safe to call twice.
 * @throws FatalError `job-locked` where another run holds it and `wait` is false; the signal's
 * reason when it aborts while waiting; FatalError `state-unusable`.
 */
export async function lockJob(options: JobLockOptions): Promise<() => void> {
  const { directory, holder, clock, signal } = options;
  const note = join(directory, 'lock.json');
  let told = false;
  for (;;) {
    signal.throwIfAborted();
    const giveBack = exclusiveLock(join(directory, 'lock.db'), LOOKED_AT_MS, JOB_ADVICE);
    if (giveBack !== undefined) {
      return locked(giveBack, note, { ...holder, since: new Date(clock.now()).toISOString() });
    }
    const who = describeHolder(note);
    if (!options.wait) {
      throw new FatalError(
        'job-locked',
        `the job in ${directory} is locked by ${who}: wait for that run with --wait, or name another job with --job`,
      );
    }
    if (!told) options.onWaiting?.(`the job ${basename(directory)} is locked by ${who}, waiting`);
    told = true;
    await clock.sleep(POLL_MS, signal);
  }
}

function locked(
  giveBack: () => void,
  note: string,
  text: JobHolder & { readonly since: string },
): () => void {
  let isHeld = true;
  const unlock = () => {
    if (!isHeld) return;
    isHeld = false;
    rmSync(note, { force: true });
    giveBack();
  };
  try {
    // By way of a second file, so that no reader ever sees half a note.
    writeFileSync(`${note}.new`, `${JSON.stringify(text)}\n`);
    renameSync(`${note}.new`, note);
    return unlock;
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Who the note names; it may be missing or stale for a moment, the lock itself never is. */
function describeHolder(note: string): string {
  try {
    const text: unknown = JSON.parse(readFileSync(note, 'utf8'));
    const fields = typeof text === 'object' && text !== null ? Object.entries(text) : [];
    const told = new Map(fields.map(([name, value]) => [name, String(value)]));
    const field = (name: string) => told.get(name) ?? '?';
    return `process ${field('pid')} on ${field('host')} (${field('command')}) since ${field('since')}`;
  } catch {
    return 'another process';
  }
}
