import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { FatalError } from '../model/failure.ts';
import type { Clock } from '../model/ports.ts';
import { HOLDER_NOTE, type JobHolder } from './job-holder.ts';
import type { JobThread } from './job-thread.ts';

export interface JobLockOptions {
  /** The job's directory, which exists, and the state directory that it is in. */
  readonly directory: string;
  readonly stateDir: string;
  /** The thread of the job's state: it has the driver at hand, and holds the lock. */
  readonly thread: JobThread;
  readonly holder: JobHolder;
  /** Waits for the job where another run holds it. */
  readonly wait: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told once, in a line, when waiting begins. */
  readonly onWaiting?: ((message: string) => void) | undefined;
}

/** How often a waiting run looks whether the job is free. */
const POLL_MS = 500;

/**
 * Takes a job for its thread, which gives it back when it is closed, behind the state.
 * @throws FatalError `job-locked` where another run holds it and `wait` is false; the signal's
 * reason when it aborts while waiting; FatalError `state-unusable`.
 */
export async function lockJob(options: JobLockOptions): Promise<void> {
  const { directory, stateDir, thread, clock, signal } = options;
  let told = false;
  for (;;) {
    signal.throwIfAborted();
    const holder = { ...options.holder, since: new Date(clock.now()).toISOString() };
    const { isTaken } = await thread.call({ op: 'take', taking: { directory, stateDir, holder } });
    if (isTaken) return;
    const who = describeHolder(join(directory, HOLDER_NOTE));
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
