import Database from 'libsql';
import { FatalError } from '../model/failure.ts';
import { damagedState, stateFailure } from './state-failure.ts';

/** "bktf" as a 32-bit number; SQLite keeps it in the file's header for programs to know theirs. */
const APPLICATION_ID = 0x62_6b_74_66;

/** Raised with every change of the schema that an older program can't work with. */
const SCHEMA_VERSION = 1;

/**
 * One row a segment; what is the same for most of them takes no room: `outcomes` is null where a
 * closed segment's entries all ended alike, `failures` where none failed. The job's row carries
 * running sums, so that totals need no pass over the segments.
 */
const SCHEMA = `
  CREATE TABLE job (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    fingerprint TEXT NOT NULL,
    finished INTEGER NOT NULL,
    copied INTEGER NOT NULL,
    skipped INTEGER NOT NULL,
    failed INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE segment (
    id INTEGER PRIMARY KEY,
    start_byte INTEGER NOT NULL,
    end_byte INTEGER NOT NULL,
    prefix_crc INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    outcomes BLOB,
    failures TEXT,
    closed INTEGER NOT NULL,
    copied INTEGER NOT NULL,
    skipped INTEGER NOT NULL,
    failed INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX open_segment ON segment (id) WHERE closed = 0;
`;

/** A connection as the driver's own types give it. */
export type Connection = InstanceType<typeof Database>;

/**
 * Opens a state file, or makes a new one, for durable writing: what a commit acknowledges outlives
 * the process and a power cut (write-ahead log, `synchronous = FULL`).
 *
 * A file that isn't ours is told before anything is written to it.
 * @throws FatalError `state-unusable` where the file is foreign, damaged, of a newer version, or
 * on a disk that can't hold it.
 */
export function openDatabase(file: string, busyTimeoutMs: number): Connection {
  const database = connect(file, busyTimeoutMs);
  try {
    if (isEmpty(database)) {
      useWriteAheadLog(database, file);
      createSchema(database);
    } else {
      refuseForeign(database, file);
      refuseDamaged(database, file);
      useWriteAheadLog(database, file);
    }
    database.pragma('synchronous = FULL');
    return database;
  } catch (error) {
    database.close();
    throw asStateFailure(error, file);
  }
}

/** An error of the driver as the `state-unusable` error that it stands for; others as they are. */
export function asStateFailure(error: unknown, file: string): unknown {
  return error instanceof Database.SqliteError
    ? (stateFailure(error.code, file, error) ?? error)
    : error;
}

function connect(file: string, busyTimeoutMs: number): Connection {
  try {
    return new Database(file, { timeout: busyTimeoutMs });
  } catch (error) {
    // The driver gives a failed open neither SQLite's code nor its error class.
    const cause = error instanceof Error ? error : new Error(String(error));
    throw stateFailure('SQLITE_CANTOPEN', file, cause) ?? cause;
  }
}

function isEmpty(database: Connection): boolean {
  const header = readNumber(database, 'application_id') + readNumber(database, 'user_version');
  const tables = database.prepare('SELECT count(*) AS n FROM sqlite_schema').raw().get();
  return header === 0 && Array.isArray(tables) && tables[0] === 0;
}

function createSchema(database: Connection): void {
  database.exec('BEGIN IMMEDIATE');
  database.exec(SCHEMA);
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
  database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  database.exec('COMMIT');
}

function refuseForeign(database: Connection, file: string): void {
  if (readNumber(database, 'application_id') !== APPLICATION_ID) {
    throw new FatalError(
      'state-unusable',
      `${file} is a database of another program: name another state directory with --state, or run with --new-job, which sets the file aside`,
    );
  }
  const version = readNumber(database, 'user_version');
  if (version !== SCHEMA_VERSION) {
    throw new FatalError(
      'state-unusable',
      `the state file ${file} has version ${version}, this program knows version ${SCHEMA_VERSION}: run it with the newer bucketfill that wrote it, or with --new-job, which sets it aside and starts afresh`,
    );
  }
}

/** A few milliseconds a million entries, so it is done at every start and not only after a crash. */
function refuseDamaged(database: Connection, file: string): void {
  const [first] = database.prepare('PRAGMA quick_check(1)').raw().all();
  const verdict: unknown = Array.isArray(first) ? first[0] : undefined;
  if (verdict !== 'ok') {
    throw new FatalError('state-unusable', damagedState(file, oneLine(String(verdict))));
  }
}

function useWriteAheadLog(database: Connection, file: string): void {
  const mode: unknown = database.prepare('PRAGMA journal_mode = WAL').raw().get();
  if (!Array.isArray(mode) || mode[0] !== 'wal') {
    throw new FatalError(
      'state-unusable',
      `the file system under ${file} can't hold a write-ahead log, as network file systems can't: name a local directory with --state`,
    );
  }
}

function readNumber(database: Connection, pragma: string): number {
  const row: unknown = database.prepare(`PRAGMA ${pragma}`).raw().get();
  const value: unknown = Array.isArray(row) ? row[0] : undefined;
  return typeof value === 'number' ? value : 0;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
