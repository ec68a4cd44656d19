import { exchange } from './job-row.ts';
import type { Connection } from './open-database.ts';
import { readTally, SealedTable, type Tally, tallyOf } from './sealed-table.ts';

/** Sealed rows that stand in an order, by which many of them can be dropped at once. */
export class RankedTable extends SealedTable {
  readonly #countBelow;
  readonly #deleteBelow;
  readonly #countLowest;
  readonly #deleteLowest;

  constructor(database: Connection, name: string) {
    super(database, name, true);
    const lowest = (column: string) => `(SELECT ${column} FROM ${name} ORDER BY rank, key LIMIT ?)`;
    this.#countBelow = database.prepare(`${tallyOf(name)} WHERE rank < ?`);
    this.#deleteBelow = database.prepare(`DELETE FROM ${name} WHERE rank < ?`);
    this.#countLowest = database.prepare(tallyOf(lowest('crc')));
    this.#deleteLowest = database.prepare(`DELETE FROM ${name} WHERE key IN ${lowest('key')}`);
  }

  /** @returns the tally without the rows below that rank. */
  dropBelow(tally: Tally, rank: number): Tally {
    const dropped = readTally(this.#countBelow.raw().get(rank));
    if (dropped.rows > 0) this.#deleteBelow.run(rank);
    return without(tally, dropped);
  }

  /** @returns the tally without as many rows of the lowest ranks as are more than `most`. */
  keepHighest(tally: Tally, most: number): Tally {
    const many = tally.rows - most;
    if (many <= 0) return tally;
    const dropped = readTally(this.#countLowest.raw().get(many));
    this.#deleteLowest.run(many);
    return without(tally, dropped);
  }
}

function without(tally: Tally, dropped: Tally): Tally {
  return { rows: tally.rows - dropped.rows, sum: exchange(tally.sum, dropped.sum, 0) };
}
