import fs from 'node:fs';
import { dirname } from 'node:path';
import { FatalError } from '../model/failure.ts';
import { Database } from './libsql.ts';
import { damagedState, type StateAdvice, stateFailure } from './state-failure.ts';

/** A connection as the driver's own types give it. */
export type Connection = InstanceType<typeof Database>;

/** A kind of state file: what tells it from others, and what a new one holds. */
export interface StateSchema {
  /** A 32-bit number; SQLite keeps it in the file's header for programs to know theirs. */
  readonly applicationId: number;
  /** Raised with every change of the schema that another version's program can't work with. */
  readonly version: number;
  /** The statements that make the tables, one each. */
  readonly tables: readonly string[];
  /**
   * Earlier versions whose files are brought up to this one, with how many of the tables, from the
   * first, such a file has; the others are made in it, empty.
   */
  readonly upgrades?: ReadonlyMap<number, number>;
  /** Writes the first rows, inside the transaction that makes the file. */
  readonly seed: (database: Connection) => void;
  readonly advice: StateAdvice;
}

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
export function openDatabase(file: string, busyTimeoutMs: number, schema: StateSchema): Connection {
  const { advice } = schema;
  makeIfMissing(file, busyTimeoutMs, schema);
  const database = connect(file, busyTimeoutMs, advice);
  try {
    database.pragma('cell_size_check = ON');
    const version = refuseForeign(database, file, schema);
    const had = schema.upgrades?.get(version);
    refuseDamaged(database, file, { ...schema, tables: schema.tables.slice(0, had) });
    if (had !== undefined) addTables(database, schema, schema.tables.slice(had));
    useWriteAheadLog(database, file);
    database.pragma('synchronous = FULL');
    return database;
  } catch (error) {
    database.close();
    throw openingFailure(error, file, advice);
  }
}

/** An error of the driver as the `state-unusable` error that it stands for; others as they are. */
export function asStateFailure(error: unknown, file: string, advice: StateAdvice): unknown {
  return error instanceof Database.SqliteError
    ? (stateFailure(error.code, file, error, advice) ?? error)
    : error;
}

/**
 * While a file is being opened nothing is asked that one of ours could not answer, so whatever
 * the driver makes of it is the file's damage.
 */
export function openingFailure(error: unknown, file: string, advice: StateAdvice): unknown {
  if (error instanceof FatalError) return error;
  const failure = asStateFailure(error, file, advice);
  if (failure !== error) return failure;
  const said = error instanceof Error ? error.message : String(error);
  return new FatalError('state-unusable', damagedState(file, said, advice), error);
}

function makeIfMissing(file: string, busyTimeoutMs: number, schema: StateSchema): void {
  const damaged = (said: string) => unusable(damagedState(file, said, schema.advice));
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) {
    const log = `${file}-wal`;
    if (fs.existsSync(log)) throw damaged(`it is gone, its log ${log} is not`);
    makeDatabase(file, busyTimeoutMs, schema);
    return;
  }
  if (!stat.isFile()) {
    throw damaged(`it is ${stat.isDirectory() ? 'a directory' : 'not a plain file'}`);
  }
  if (stat.size === 0) throw damaged('it is empty');
}

function makeDatabase(file: string, busyTimeoutMs: number, schema: StateSchema): void {
  const draft = `${file}.new`;
  for (const rest of ['', '-journal', '-wal', '-shm']) fs.rmSync(draft + rest, { force: true });
  const database = connect(draft, busyTimeoutMs, schema.advice);
  try {
    database.pragma('synchronous = FULL');
    // A draft that is cut short is thrown away, so nothing needs to be kept to undo it: each file
    // that is synced less is a wait less.
    database.prepare('PRAGMA journal_mode = OFF').raw().get();
    database.exec('BEGIN IMMEDIATE');
    for (const table of schema.tables) database.exec(table);
    database.exec(`PRAGMA application_id = ${schema.applicationId}`);
    database.exec(`PRAGMA user_version = ${schema.version}`);
    schema.seed(database);
    database.exec('COMMIT');
    useWriteAheadLog(database, file);
  } catch (error) {
    throw asStateFailure(error, file, schema.advice);
  } finally {
    database.close();
  }
  fs.renameSync(draft, file);
  const folder = fs.openSync(dirname(file), 'r');
  fs.fsyncSync(folder);
  fs.closeSync(folder);
}

function connect(file: string, busyTimeoutMs: number, advice: StateAdvice): Connection {
  try {
    return new Database(file, { timeout: busyTimeoutMs });
  } catch (error) {
    // The driver gives a failed open neither SQLite's code nor its error class.
    const cause = error instanceof Error ? error : new Error(String(error));
    throw stateFailure('SQLITE_CANTOPEN', file, cause, advice) ?? cause;
  }
}

/**
 * @returns the file's version: this program's, or one that is brought up to it.
 * @throws FatalError `state-unusable` where the file is another program's, or of another version.
 */
export function refuseForeign(database: Connection, file: string, schema: StateSchema): number {
  const { afresh } = schema.advice;
  if (readNumber(database, 'application_id') !== schema.applicationId) {
    throw unusable(
      `${file} is a database of another program: name another state directory with --state, or ${afresh}`,
    );
  }
  const version = readNumber(database, 'user_version');
  if (version === schema.version || schema.upgrades?.has(version) === true) return version;
  const age = version > schema.version ? 'newer' : 'older';
  throw unusable(
    `the state file ${file} has version ${version}, this program knows version ${schema.version}: run it with the ${age} bucketfill that wrote it, or ${afresh}`,
  );
}

/** Brings an earlier version's file up to this one, at once or not at all. */
function addTables(
  database: Connection,
  { version }: StateSchema,
  tables: readonly string[],
): void {
  database.exec('BEGIN IMMEDIATE');
  for (const table of tables) database.exec(table);
  database.exec(`PRAGMA user_version = ${version}`);
  database.exec('COMMIT');
}

/** A few milliseconds a million entries, so it is done at every start and not only after a crash. */
export function refuseDamaged(database: Connection, file: string, schema: StateSchema): void {
  const { tables: expected, advice } = schema;
  // As bytes: the driver ends the process where it reads text that is not UTF-8.
  const query = 'SELECT CAST(sql AS BLOB) FROM sqlite_schema WHERE sql IS NOT NULL';
  const tables = column(database, query).map((sql) =>
    sql instanceof Uint8Array ? Buffer.from(sql).toString() : '',
  );
  if (tables.join('\n') !== expected.join('\n')) {
    throw unusable(damagedState(file, 'its tables are not those of this version', advice));
  }
  const [verdict] = column(database, 'PRAGMA quick_check(1)');
  if (verdict !== 'ok') throw unusable(damagedState(file, String(verdict), advice));
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
