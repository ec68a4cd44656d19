import { dirname } from 'node:path';
import { FatalError } from '../model/failure.ts';
import { Database } from './libsql.ts';
import { type StateAdvice, stateFailure } from './state-failure.ts';

/**
 * Every lock of this thread. A connection that nobody refers to is closed by the garbage collector,
 * and its lock would go with it.
 */
const held = new Set<InstanceType<typeof Database>>();

/**
 * Takes a file for this thread by an exclusive transaction on it, which the kernel ends with the
 * process however that ends. The file is made when it is missing, and stays empty.
 *
 * @param waitMs how long it may block the thread until whoever has the file gives it back
 * @returns what gives it back, safe to call twice; undefined where somebody else has it.
 * @throws FatalError `state-unusable`.
 */
export function exclusiveLock(
  file: string,
  waitMs: number,
  advice: StateAdvice,
): (() => void) | undefined {
  const connection = tryLock(file, waitMs, advice);
  if (connection === undefined) return undefined;
  held.add(connection);
  return () => {
    if (!held.delete(connection)) return;
    connection.exec('ROLLBACK');
    connection.close();
  };
}

function tryLock(
  file: string,
  waitMs: number,
  advice: StateAdvice,
): InstanceType<typeof Database> | undefined {
  let connection: InstanceType<typeof Database> | undefined;
  try {
    connection = new Database(file, { timeout: waitMs });
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
    throw stateFailure(code, file, cause, advice) ?? cause;
  }
}
