import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import Database from 'libsql';
import { FatalError } from '../model/failure.ts';
import type { Clock } from '../model/ports.ts';
import { stateFailure } from './state-failure.ts';

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

/** How often a waiting run looks whether the job is free. */
const POLL_MS = 500;

/**
 * Every lock of this process. A connection that nobody refers to is closed by the garbage
 * collector, and its lock would go with it.
 */
const held = new Set<InstanceType<typeof Database>>();

/**
 * Takes a job for this process by an exclusive transaction on its `lock.db`, which the kernel ends
 * with the process however that ends. `lock.json` beside it only tells people who holds it.
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
    const connection = tryLock(join(directory, 'lock.db'));
    if (connection !== undefined) {
      held.add(connection);
      return locked(connection, note, { ...holder, since: new Date(clock.now()).toISOString() });
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

function tryLock(file: string): InstanceType<typeof Database> | undefined {
  let connection: InstanceType<typeof Database> | undefined;
  try {
    connection = new Database(file, { timeout: 0 });
    // Nothing is ever written to it, so there is nothing that a journal would have to undo.
    connection.prepare('PRAGMA journal_mode = MEMORY').raw().get();
    connection.exec('BEGIN EXCLUSIVE');
    return connection;
  } catch (error) {
    connection?.close();
    const cause = error instanceof Error ? error : new Error(String(error));
    const code = error instanceof Database.SqliteError ? error.code : 'SQLITE_CANTOPEN';
    if (code.startsWith('SQLITE_BUSY')) return undefined;
    if (code.startsWith('SQLITE_NOTADB') || code.startsWith('SQLITE_CORRUPT')) {
      throw new FatalError(
        'state-unusable',
        `${file} is not a lock of bucketfill (${cause.message}): delete it if no run works in ${dirname(file)}`,
        error,
      );
    }
    throw stateFailure(code, file, cause) ?? cause;
  }
}

function locked(
  connection: InstanceType<typeof Database>,
  note: string,
  text: JobHolder & { readonly since: string },
): () => void {
  const unlock = () => {
    if (!held.delete(connection)) return;
    rmSync(note, { force: true });
    connection.exec('ROLLBACK');
    connection.close();
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
