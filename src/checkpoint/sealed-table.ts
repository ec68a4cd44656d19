import { crc32 } from 'node:zlib';
import { exchange, SUM_MODULUS } from './job-row.ts';
import type { Connection } from './open-database.ts';

/** What a table's writer keeps of it elsewhere, so that a lost or outdated row is found out. */
export interface Tally {
  readonly rows: number;
  /** Their checksums, added up by {@link exchange}. */
  readonly sum: number;
}

export const NO_ROWS: Tally = { rows: 0, sum: 0 };

export interface SealedRow {
  readonly key: string;
  /** Text that only its writer reads. */
  readonly sealed: string;
  /** Where it stands among the others, in a table that has ranks; else 0. */
  readonly rank: number;
}

/** A row, or the lack of one, that this program can't have written. */
export class DamagedRow extends Error {
  override readonly name = 'DamagedRow';
}

/**
 * The statement that makes the table. Keys and what is sealed are bytes: the driver ends text at a
 * NUL, which a key may hold, and the process at damaged text. There is no index for the reason that
 * the job's tables have none.
 */
export function sealedTable(name: string, ranked: boolean): string {
  return `CREATE TABLE ${name} (
    key BLOB PRIMARY KEY,
    sealed BLOB NOT NULL,
    crc INTEGER NOT NULL${ranked ? ',\n    rank INTEGER NOT NULL' : ''}
  ) STRICT, WITHOUT ROWID`;
}

/**
 * Texts under keys, one row each, with a checksum; the caller's transaction and the tally that it
 * keeps hold them together.
 */
export class SealedTable {
  protected readonly ranked: boolean;
  readonly #get;
  readonly #put;
  readonly #delete;
  readonly #all;
  readonly #count;

  constructor(database: Connection, name: string, ranked = false) {
    this.ranked = ranked;
    const select = `SELECT key, sealed, crc, ${ranked ? 'rank' : '0'} FROM ${name}`;
    this.#get = database.prepare(`${select} WHERE key = ?`);
    this.#put = database.prepare(
      `INSERT OR REPLACE INTO ${name} VALUES (?, ?, ?${ranked ? ', ?' : ''})`,
    );
    this.#delete = database.prepare(`DELETE FROM ${name} WHERE key = ?`);
    this.#all = database.prepare(`${select} ORDER BY ${ranked ? 'rank, key' : 'key'}`);
    this.#count = database.prepare(tallyOf(name));
  }

  /** Every row, by rank and then by the keys' bytes. @throws DamagedRow where one fails its checksum. */
  all(): readonly SealedRow[] {
    return this.#all
      .raw()
      .all()
      .map((row) => this.#read(row));
  }

  /** @throws DamagedRow where the row fails its checksum. */
  get(key: string): SealedRow | undefined {
    return this.#find(key);
  }

  /** Puts a row in the place of the key's earlier one. @returns the tally with it. */
  put(tally: Tally, key: string, sealed: string, rank = 0): Tally {
    const crc = this.#checksum({ key, sealed, rank });
    const before = this.#find(key);
    const columns = [Buffer.from(key), Buffer.from(sealed), crc];
    this.#put.run(...columns, ...(this.ranked ? [rank] : []));
    return {
      rows: tally.rows + (before === undefined ? 1 : 0),
      sum: exchange(tally.sum, before?.crc ?? 0, crc),
    };
  }

  /** @returns the tally without the key's row, if there is one. */
  drop(tally: Tally, key: string): Tally {
    const row = this.#find(key);
    if (row === undefined) return tally;
    this.#delete.run([Buffer.from(key)]);
    return { rows: tally.rows - 1, sum: exchange(tally.sum, row.crc, 0) };
  }

  /** @throws DamagedRow where the rows are not those that the tally was made of. */
  verify(tally: Tally): void {
    const { rows, sum } = readTally(this.#count.raw().get());
    if (rows !== tally.rows || sum !== tally.sum) {
      throw new DamagedRow('its rows are not those that were counted');
    }
  }

  #find(key: string): (SealedRow & { readonly crc: number }) | undefined {
    // A lone blob as parameter would be taken for named parameters, so it goes in a list.
    const row: unknown = this.#get.raw().get([Buffer.from(key)]);
    return row === undefined ? undefined : this.#read(row);
  }

  #read(row: unknown): SealedRow & { readonly crc: number } {
    if (!Array.isArray(row)) throw new DamagedRow('a row is not a list of columns');
    const columns: readonly unknown[] = row;
    const [key, sealed, crc, rank] = columns;
    if (!(key instanceof Uint8Array && sealed instanceof Uint8Array)) {
      throw new DamagedRow('a row holds no bytes');
    }
    const read = {
      key: Buffer.from(key).toString(),
      sealed: Buffer.from(sealed).toString(),
      rank: Number(rank),
    };
    const expected = this.#checksum(read);
    if (crc !== expected) {
      throw new DamagedRow(`the row of ${JSON.stringify(read.key)} fails its checksum`);
    }
    return { ...read, crc: expected };
  }

  #checksum({ key, sealed, rank }: SealedRow): number {
    return crc32(JSON.stringify(this.ranked ? [key, sealed, rank] : [key, sealed]));
  }
}

/** The query for the tally of some rows. @param source a table, or a query in parentheses */
export function tallyOf(source: string): string {
  return `SELECT count(*), coalesce(sum(crc), 0) % ${SUM_MODULUS} FROM ${source}`;
}

/** What {@link tallyOf} found. */
export function readTally(row: unknown): Tally {
  if (!Array.isArray(row)) throw new DamagedRow('rows were not counted');
  const columns: readonly unknown[] = row;
  return { rows: Number(columns[0]), sum: Number(columns[1]) };
}
