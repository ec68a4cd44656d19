import fs from 'node:fs';
import { dirname } from 'node:path';
import Database from 'libsql';
import { FatalError } from '../model/failure.ts';
import { NO_JOB, toJobColumns } from './job-row.ts';
import { damagedState, stateFailure } from './state-failure.ts';
import { APPLICATION_ID, SCHEMA_VERSION, TABLES } from './state-schema.ts';

/** A connection as the driver's own types give it. */
export type Connection = InstanceType<typeof Database>;

/**
 * Opens a state file, or makes a new one, for durable writing: what a commit acknowledges outlives
 * the process and a power cut (write-ahead log, `synchronous = FULL`).
 *
 * A new file is made under another name and moved into place when it is whole, so an empty or half
 * file is never one that was only just begun. A file that isn't ours is told before anything is
 * written to it.
 * @throws FatalError `state-unusable` where the file is foreign, damaged, of another version, or
 * on a disk that can't hold it.
 */
export function openDatabase(file: string, busyTimeoutMs: number): Connection {
  makeIfMissing(file, busyTimeoutMs);
  const database = connect(file, busyTimeoutMs);
  try {
    database.pragma('cell_size_check = ON');
    refuseForeign(database, file);
    refuseDamaged(database, file);
    useWriteAheadLog(database, file);
    database.pragma('synchronous = FULL');
    return database;
  } catch (error) {
    database.close();
    throw openingFailure(error, file);
  }
}

/** An error of the driver as the `state-unusable` error that it stands for; others as they are. */
export function asStateFailure(error: unknown, file: string): unknown {
  return error instanceof Database.SqliteError
    ? (stateFailure(error.code, file, error) ?? error)
    : error;
}

/**
 * While a file is being opened nothing is asked that one of ours could not answer, so whatever
 * the driver makes of it is the file's damage.
 */
export function openingFailure(error: unknown, file: string): unknown {
  if (error instanceof FatalError) return error;
  const failure = asStateFailure(error, file);
  if (failure !== error) return failure;
  const said = error instanceof Error ? error.message : String(error);
  return new FatalError('state-unusable', damagedState(file, said), error);
}

function makeIfMissing(file: string, busyTimeoutMs: number): void {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) {
    const log = `${file}-wal`;
    if (fs.existsSync(log)) throw unusable(damagedState(file, `it is gone, its log ${log} is not`));
    makeDatabase(file, busyTimeoutMs);
    return;
  }
  if (!stat.isFile()) {
    const what = stat.isDirectory() ? 'a directory' : 'not a plain file';
    throw unusable(damagedState(file, `it is ${what}`));
  }
  if (stat.size === 0) throw unusable(damagedState(file, 'it is empty'));
}

function makeDatabase(file: string, busyTimeoutMs: number): void {
  const draft = `${file}.new`;
  for (const rest of [draft, `${draft}-journal`]) fs.rmSync(rest, { force: true });
  const database = connect(draft, busyTimeoutMs);
  try {
    database.pragma('synchronous = FULL');
    database.exec('BEGIN IMMEDIATE');
    for (const table of TABLES) database.exec(table);
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    const columns = toJobColumns(NO_JOB);
    const marks = columns.map(() => '?').join();
    database.prepare(`INSERT INTO job VALUES (1, ${marks})`).run(...columns);
    database.exec('COMMIT');
  } catch (error) {
    throw asStateFailure(error, file);
  } finally {
    database.close();
  }
  fs.renameSync(draft, file);
  const folder = fs.openSync(dirname(file), 'r');
  fs.fsyncSync(folder);
  fs.closeSync(folder);
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

function refuseForeign(database: Connection, file: string): void {
  if (readNumber(database, 'application_id') !== APPLICATION_ID) {
    throw unusable(
      `${file} is a database of another program: name another state directory with --state, or run with --new-job, which sets the file aside`,
    );
  }
  const version = readNumber(database, 'user_version');
  if (version === SCHEMA_VERSION) return;
  const age = version > SCHEMA_VERSION ? 'newer' : 'older';
  throw unusable(
    `the state file ${file} has version ${version}, this program knows version ${SCHEMA_VERSION}: run it with the ${age} bucketfill that wrote it, or with --new-job, which sets it aside and starts afresh`,
  );
}

/** A few milliseconds a million entries, so it is done at every start and not only after a crash. */
function refuseDamaged(database: Connection, file: string): void {
  // As bytes: the driver ends the process where it reads text that is not UTF-8.
  const query = 'SELECT CAST(sql AS BLOB) FROM sqlite_schema WHERE sql IS NOT NULL';
  const tables = column(database, query).map((sql) =>
    sql instanceof Uint8Array ? Buffer.from(sql).toString() : '',
  );
  if (tables.join('\n') !== TABLES.join('\n')) {
    throw unusable(damagedState(file, 'its tables are not those of this version'));
  }
  const [verdict] = column(database, 'PRAGMA quick_check(1)');
  if (verdict !== 'ok') throw unusable(damagedState(file, String(verdict)));
}

function useWriteAheadLog(database: Connection, file: string): void {
  const [mode] = column(database, 'PRAGMA journal_mode = WAL');
  if (mode !== 'wal') {
    throw unusable(
      `the file system under ${file} can't hold a write-ahead log, as network file systems can't: name a local directory with --state`,
    );
  }
}

function readNumber(database: Connection, pragma: string): number {
  const [value] = column(database, `PRAGMA ${pragma}`);
  return typeof value === 'number' ? value : 0;
}

/** The first column of each row. */
function column(database: Connection, query: string): readonly unknown[] {
  return database
    .prepare(query)
    .raw()
    .all()
    .map((row): unknown => (Array.isArray(row) ? row[0] : undefined));
}

function unusable(message: string): FatalError {
  return new FatalError('state-unusable', message);
}
