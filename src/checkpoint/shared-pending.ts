import type { Connection } from './open-database.ts';
import { RankedTable } from './ranked-table.ts';
import type { SealedRow, Tally } from './sealed-table.ts';
import type { SharedHead } from './shared-head.ts';
import type { SharedOwner } from './shared-owner.ts';
import type { SealedFill } from './shared-protocol.ts';
import { StoredList } from './stored-list.ts';

/** Pending fills, each with its owner; within the caller's transaction. */
export class SharedPending {
  readonly #table: RankedTable;
  readonly #owner: SharedOwner;

  constructor(database: Connection, owner: SharedOwner) {
    this.#table = new RankedTable(database, 'pending');
    this.#owner = owner;
  }

  verify({ pending }: SharedHead): void {
    this.#table.verify(pending);
  }

  /** Every fill, oldest first. */
  all(): readonly SealedFill[] {
    return this.#table.all().map((row) => open(row).fill);
  }

  /** Records a fill of this owner's; of a key that has one, takes it over if its owner is dead. */
  record(head: SharedHead, fill: SealedFill): SharedHead {
    const row = this.#table.get(fill.key);
    if (row === undefined) {
      const recorded = head.recorded + 1;
      return { ...head, recorded, pending: this.#own(head.pending, fill, recorded) };
    }
    const there = open(row);
    if (this.#owner.isAlive(there.owner)) return head;
    return { ...head, pending: this.#own(head.pending, there.fill, row.rank) };
  }

  done(head: SharedHead, key: string): SharedHead {
    return { ...head, pending: this.#table.drop(head.pending, key) };
  }

  /** Makes fills of dead owners this one's. @returns them too, oldest first. */
  takeOver(head: SharedHead): { readonly head: SharedHead; readonly fills: SealedFill[] } {
    let { pending } = head;
    const alive = new Map<string, boolean>();
    const fills: SealedFill[] = [];
    for (const row of this.#table.all()) {
      const { owner, fill } = open(row);
      const lives = alive.get(owner) ?? this.#owner.isAlive(owner);
      alive.set(owner, lives);
      if (lives) continue;
      pending = this.#own(pending, fill, row.rank);
      fills.push(fill);
    }
    return { head: { ...head, pending }, fills };
  }

  #own(pending: Tally, { key, sealed }: SealedFill, rank: number): Tally {
    return this.#table.put(pending, key, JSON.stringify([this.#owner.name, sealed]), rank);
  }
}

function open({ key, sealed }: SealedRow): { readonly owner: string; readonly fill: SealedFill } {
  const list = new StoredList(sealed);
  return { owner: list.text(0), fill: { key, sealed: list.text(1) } };
}
