import type { GaugeWatch } from '../model/gauge-store.ts';
import type { Connection } from './open-database.ts';
import { DamagedRow, NO_ROWS, SealedTable, type Tally } from './sealed-table.ts';
import { StoredList } from './stored-list.ts';

/** What the shared store says of itself: a few numbers, and the tallies of its tables. */
export interface SharedHead {
  /** The rank of the fill that was recorded last. */
  readonly recorded: number;
  readonly watch: GaugeWatch | undefined;
  readonly pending: Tally;
  readonly claims: Tally;
  readonly hours: Tally;
  readonly needed: Tally;
  readonly vendors: Tally;
  readonly uploads: Tally;
}

/** Of a store in which nothing was written yet. */
export const EMPTY_HEAD: SharedHead = {
  recorded: 0,
  watch: undefined,
  pending: NO_ROWS,
  claims: NO_ROWS,
  hours: NO_ROWS,
  needed: NO_ROWS,
  vendors: NO_ROWS,
  uploads: NO_ROWS,
};

/** The key of the table's only row. */
const HEAD = 'head';

/** Where the head is kept, within the caller's transaction. */
export class HeadTable {
  readonly #table: SealedTable;

  constructor(database: Connection) {
    this.#table = new SealedTable(database, 'head');
  }

  /** @throws DamagedRow. */
  read(): SharedHead {
    const row = this.#table.get(HEAD);
    if (row === undefined) throw new DamagedRow('its head is missing');
    const list = new StoredList(row.sealed);
    const tally = (at: number): Tally => ({ rows: list.number(at), sum: list.number(at + 1) });
    const untilMs = list.number(2);
    return {
      recorded: list.number(0),
      watch: untilMs < 0 ? undefined : { sinceMs: list.number(1), untilMs },
      pending: tally(3),
      claims: tally(5),
      hours: tally(7),
      needed: tally(9),
      // An earlier version's head ends before them.
      vendors: list.length > 11 ? tally(11) : NO_ROWS,
      uploads: list.length > 13 ? tally(13) : NO_ROWS,
    };
  }

  write({ recorded, watch, pending, claims, hours, needed, vendors, uploads }: SharedHead): void {
    const all = [pending, claims, hours, needed, vendors, uploads];
    const tallies = all.flatMap(({ rows, sum }) => [rows, sum]);
    const list = [recorded, watch?.sinceMs ?? -1, watch?.untilMs ?? -1, ...tallies];
    this.#table.put(NO_ROWS, HEAD, JSON.stringify(list));
  }
}
