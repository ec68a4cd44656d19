import { FatalError } from '../model/failure.ts';
import {
  asStateFailure,
  type Connection,
  openDatabase,
  openingFailure,
  type StateSchema,
} from './open-database.ts';
import { DamagedRow } from './sealed-table.ts';
import { damagedState } from './state-failure.ts';

/**
 * A state file that is open: transactions over it, and what goes wrong with the file or its disk as
 * the `state-unusable` error that it is.
 */
export class StateFile {
  readonly path: string;
  readonly database: Connection;
  readonly #schema: StateSchema;

  private constructor(path: string, database: Connection, schema: StateSchema) {
    this.path = path;
    this.database = database;
    this.#schema = schema;
  }

  /** @param use makes what works with the file; the file is closed where that fails. */
  static open<T>(
    path: string,
    busyTimeoutMs: number,
    schema: StateSchema,
    use: (file: StateFile) => T,
  ): T {
    const database = openDatabase(path, busyTimeoutMs, schema);
    try {
      return use(new StateFile(path, database, schema));
    } catch (error) {
      database.close();
      throw openingFailure(error, path, schema.advice);
    }
  }

  /** Makes what `work` changes durable, or none of it. */
  transaction<T>(work: () => T): T {
    return this.#between('BEGIN IMMEDIATE', work);
  }

  /** Whatever `work` reads is of one moment, whoever writes meanwhile. */
  snapshot<T>(work: () => T): T {
    return this.reading(() => this.#between('BEGIN', work));
  }

  /** What `work` refuses is undone, and nothing else of its transaction. */
  apart<T>(work: () => T | Error): T | Error {
    this.database.exec('SAVEPOINT one');
    const result = work();
    if (result instanceof Error) this.database.exec('ROLLBACK TO one');
    this.database.exec('RELEASE one');
    return result;
  }

  reading<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      // The file opened well and says what this program never writes: it was changed from outside.
      throw openingFailure(error, this.path, this.#schema.advice);
    }
  }

  damaged(said: string): FatalError {
    return new FatalError('state-unusable', damagedState(this.path, said, this.#schema.advice));
  }

  /**
   * Closes the file and leaves it self-contained, without a write-ahead log beside it. While others
   * have the file open the log stays with them.
   */
  close(): void {
    try {
      this.database.pragma('busy_timeout = 0');
      this.database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').raw().all();
    } catch {
      // Only tidiness: on a full disk the log stays, and holds everything that was committed.
    } finally {
      this.database.close();
    }
  }

  #between<T>(begin: string, work: () => T): T {
    try {
      this.database.exec(begin);
      const result = work();
      this.database.exec('COMMIT');
      return result;
    } catch (error) {
      // A full disk or an I/O error may have rolled the transaction back already.
      if (this.database.inTransaction) this.database.exec('ROLLBACK');
      if (error instanceof DamagedRow) throw this.damaged(error.message);
      throw asStateFailure(error, this.path, this.#schema.advice);
    }
  }
}
