/** What can stand in a {@link Row}; in one at a time. */
export interface Placed {
  /** Where it stands; {@link NOWHERE} while it does not. The row's alone. */
  place: number;
}

/** The place of what stands in no row. */
export const NOWHERE = -1;

/**
 * Those who are here now, in no order: a gap is filled from the end.
 *
 * For what comes and goes with each request a `Set` is a trap. V8 makes it a new table each time it
 * was turned over; the old table refers to the new one, and to everybody who was in it. As soon as
 * one table is in the old generation, all that come after it live on until the next full collection,
 * with whatever was under way when they were replaced.
 */
export class Row<T extends Placed> {
  readonly #all: T[] = [];

  get size(): number {
    return this.#all.length;
  }

  /** Who is here already, is left where it is. */
  add(one: T): void {
    if (this.#has(one)) return;
    one.place = this.#all.length;
    this.#all.push(one);
  }

  /** @returns whether it was here. */
  delete(one: T): boolean {
    if (!this.#has(one)) return false;
    const last = this.#all.pop();
    if (last !== undefined && last !== one) {
      this.#all[one.place] = last;
      last.place = one.place;
    }
    one.place = NOWHERE;
    return true;
  }

  /** Everybody who is here now. */
  values(): readonly T[] {
    return this.#all.slice();
  }

  #has(one: T): boolean {
    // An array is slow to say that it has nothing at -1.
    return one.place !== NOWHERE && this.#all[one.place] === one;
  }
}
