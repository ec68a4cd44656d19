import type { Keyed, Order } from './keyed.ts';

/** Items that are given out at once. */
const MOST_ITEMS = 1000;

/** Reads a run item by item; waiting is left to the caller, so that not every item is a promise. */
class RunCursor<T extends Keyed> {
  readonly #batches: AsyncIterator<readonly T[]>;
  /** Which of the runs it is: of equal keys that of the earlier run comes first. */
  readonly place: number;
  #batch: readonly T[] = [];
  #at = 0;

  constructor(run: AsyncIterable<readonly T[]>, place: number) {
    this.#batches = run[Symbol.asyncIterator]();
    this.place = place;
  }

  /** Undefined where `feed` is to be called. */
  get item(): T | undefined {
    return this.#batch[this.#at];
  }

  step(): void {
    this.#at += 1;
  }

  /** Afterwards there is an item, unless the run has ended. */
  async feed(): Promise<void> {
    this.#at = 0;
    do {
      const next = await this.#batches.next();
      this.#batch = next.done === true ? [] : next.value;
      if (next.done === true) return;
    } while (this.#batch.length === 0);
  }

  async close(): Promise<void> {
    await this.#batches.return?.();
  }
}

/** Cursors that have an item, as a binary heap: the one whose item comes first is at the top. */
class CursorHeap<T extends Keyed> {
  readonly #order: Order;
  readonly #cursors: RunCursor<T>[] = [];

  constructor(order: Order) {
    this.#order = order;
  }

  get top(): RunCursor<T> | undefined {
    return this.#cursors[0];
  }

  add(cursor: RunCursor<T>): void {
    this.#cursors.push(cursor);
    this.#cursors.sort((one, other) => (this.#isBefore(one, other) ? -1 : 1));
  }

  /** The top's item is another one now. */
  settle(): void {
    const cursors = this.#cursors;
    const moved = cursors[0];
    if (moved === undefined) return;
    for (let at = 0; ;) {
      const below = this.#firstBelow(at);
      const child = cursors[below];
      if (child === undefined || this.#isBefore(moved, child)) return;
      cursors[at] = child;
      cursors[below] = moved;
      at = below;
    }
  }

  /** The top has no item any more. */
  drop(): void {
    const last = this.#cursors.pop();
    if (last === undefined || this.#cursors.length === 0) return;
    this.#cursors[0] = last;
    this.settle();
  }

  /** Of the two below a place, the one that comes first. */
  #firstBelow(at: number): number {
    const left = 2 * at + 1;
    const [one, other] = [this.#cursors[left], this.#cursors[left + 1]];
    return one !== undefined && other !== undefined && this.#isBefore(other, one) ? left + 1 : left;
  }

  #isBefore(one: RunCursor<T>, other: RunCursor<T>): boolean {
    if (one.item === undefined || other.item === undefined) return other.item === undefined;
    const order = this.#order(one.item, other.item);
    return order < 0 || (order === 0 && one.place < other.place);
  }
}

/** Merges runs, each in order, into one; of equal keys those of earlier runs come first. */
export async function* mergeRuns<T extends Keyed>(
  runs: readonly AsyncIterable<readonly T[]>[],
  order: Order,
): AsyncGenerator<readonly T[]> {
  const cursors = runs.map((run, place) => new RunCursor(run, place));
  const heap = new CursorHeap<T>(order);
  let merged: T[] = [];
  try {
    for (const cursor of cursors) {
      await cursor.feed();
      if (cursor.item !== undefined) heap.add(cursor);
    }
    for (let { top } = heap; top !== undefined; { top } = heap) {
      if (top.item !== undefined) merged.push(top.item);
      top.step();
      if (top.item === undefined) await top.feed();
      if (top.item === undefined) heap.drop();
      else heap.settle();
      if (merged.length < MOST_ITEMS) continue;
      yield merged;
      merged = [];
    }
    if (merged.length > 0) yield merged;
  } finally {
    for (const cursor of cursors) await cursor.close();
  }
}
