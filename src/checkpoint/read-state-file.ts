import fs from 'node:fs';
import { pathToFileURL } from 'node:url';
import { FatalError } from '../model/failure.ts';
import { Database } from './libsql.ts';
import {
  type Connection,
  openingFailure,
  refuseDamaged,
  refuseForeign,
  type StateSchema,
} from './open-database.ts';
import { damagedState } from './state-failure.ts';

/** How long who closes the file, or takes it up after a crash, may keep a reader waiting. */
const BUSY_TIMEOUT_MS = 5000;

/** Writers come and go: so often a file that changed under its reader is read again. */
const MOST_ATTEMPTS = 5;

/**
 * Reads a state file as some commit left it, whoever writes it meanwhile, and changes nothing: it
 * is opened read-only, and no file is made beside it.
 *
 * A file with a write-ahead log is somebody's, or was left by somebody who was killed, and SQLite
 * reads both files as one. One without is nobody's; SQLite would make a log to read it, so it is
 * told that nobody writes. Should somebody come in that moment, the checksums tell.
 *
 * @returns undefined where there is no such file.
 * @throws FatalError `state-unusable` where the file is foreign, damaged, of another version, or
 * can't be read.
 */
export function readStateFile<T>(
  file: string,
  schema: StateSchema,
  read: (database: Connection) => T,
): T | undefined {
  for (let attempt = 1; ; attempt += 1) {
    const before = stampOf(file);
    try {
      if (!isThere(file, schema)) return undefined;
      return readOnce(file, schema, read);
    } catch (error) {
      if (attempt === MOST_ATTEMPTS || before === stampOf(file)) throw error;
    }
  }
}

function isThere(file: string, { advice }: StateSchema): boolean {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  const isLogged = fs.existsSync(logOf(file));
  if (stat?.isFile() === true && stat.size > 0) return true;
  if (stat === undefined && !isLogged) return false;
  const said = stat === undefined ? 'it is gone, its log is not' : 'it is empty, or no plain file';
  throw new FatalError('state-unusable', damagedState(file, said, advice));
}

function readOnce<T>(file: string, schema: StateSchema, read: (database: Connection) => T): T {
  const database = connect(file);
  try {
    database.pragma('cell_size_check = ON');
    database.exec('BEGIN');
    const version = refuseForeign(database, file, schema);
    const tables = schema.tables.slice(0, schema.upgrades?.get(version));
    refuseDamaged(database, file, { ...schema, tables });
    const result = read(database);
    database.exec('COMMIT');
    return result;
  } catch (error) {
    throw asReadingFailure(error, file, schema);
  } finally {
    database.close();
  }
}

function connect(file: string): Connection {
  const url = pathToFileURL(file);
  url.searchParams.set('mode', 'ro');
  if (!fs.existsSync(logOf(file))) url.searchParams.set('immutable', '1');
  try {
    return new Database(url.href, { timeout: BUSY_TIMEOUT_MS });
  } catch (error) {
    // The driver gives a failed open neither SQLite's code nor its error class.
    throw unreadable(file, error);
  }
}

function asReadingFailure(error: unknown, file: string, { advice }: StateSchema): unknown {
  const code = error instanceof Database.SqliteError ? error.code : '';
  const isUnreadable = /^SQLITE_(CANTOPEN|READONLY|PERM)/.test(code);
  return isUnreadable ? unreadable(file, error) : openingFailure(error, file, advice);
}

function unreadable(file: string, error: unknown): FatalError {
  const said = error instanceof Error ? error.message : String(error);
  return new FatalError(
    'state-unusable',
    `the state file ${file} can't be read (${said}): make it and the files beside it readable`,
    error,
  );
}

function logOf(file: string): string {
  return `${file}-wal`;
}

/** Changes whenever somebody writes the file, or begins or ends to have it open. */
function stampOf(file: string): string {
  const stat = fs.statSync(file, { throwIfNoEntry: false, bigint: true });
  const isLogged = fs.existsSync(logOf(file));
  return `${stat?.ino ?? ''} ${stat?.mtimeNs ?? ''} ${stat?.size ?? ''} ${String(isLogged)}`;
}
