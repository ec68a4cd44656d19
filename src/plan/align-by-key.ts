import { compareKeys, type ObjectKey } from '../model/object-key.ts';

interface Keyed {
  readonly key: ObjectKey;
}

/** A stream in batches, each key once, by the keys' UTF-8 bytes. */
export type SortedStream<T extends Keyed> = AsyncIterable<readonly T[]>;

/** What each stream has under one key. */
export interface Aligned<A, B, C> {
  readonly key: ObjectKey;
  readonly a: A | undefined;
  readonly b: B | undefined;
  readonly c: C | undefined;
}

/** Rows that are given out at once. */
const MOST_ROWS = 1000;

/**
 * Reads a sorted stream item by item; waiting is left to the caller, so that a million items don't
 * take a million promises.
 */
class Cursor<T extends Keyed> {
  readonly #batches: AsyncIterator<readonly T[]>;
  #batch: readonly T[] = [];
  #at = 0;
  #isEnded = false;

  constructor(stream: SortedStream<T>) {
    this.#batches = stream[Symbol.asyncIterator]();
  }

  get isHungry(): boolean {
    return this.#at >= this.#batch.length && !this.#isEnded;
  }

  /** Undefined at the end. */
  get item(): T | undefined {
    return this.#batch[this.#at];
  }

  /** @throws Error where the stream is out of order, which would lose keys. */
  step(): void {
    const before = this.item;
    this.#at += 1;
    const after = this.item;
    if (before !== undefined && after !== undefined) assertOrder(before.key, after.key);
  }

  async feed(): Promise<void> {
    const last = this.#batch.at(-1);
    while (this.isHungry) {
      const next = await this.#batches.next();
      if (next.done === true) this.#isEnded = true;
      else {
        this.#batch = next.value;
        this.#at = 0;
      }
    }
    const first = this.item;
    if (last !== undefined && first !== undefined) assertOrder(last.key, first.key);
  }

  async close(): Promise<void> {
    await this.#batches.return?.();
  }
}

function assertOrder(before: ObjectKey, after: ObjectKey): void {
  if (compareKeys(before, after) < 0) return;
  throw new Error(`${JSON.stringify(after)} came behind ${JSON.stringify(before)}`);
}

/**
 * Walks up to three sorted streams side by side: every key of any of them comes once, in order, with
 * what each has of it.
 * @throws Error where a stream is out of order; whatever the streams throw.
 */
export async function* alignByKey<A extends Keyed, B extends Keyed, C extends Keyed>(
  streamA: SortedStream<A>,
  streamB: SortedStream<B>,
  streamC: SortedStream<C> = nothing(),
): AsyncGenerator<readonly Aligned<A, B, C>[]> {
  const [one, two, three] = [new Cursor(streamA), new Cursor(streamB), new Cursor(streamC)];
  const cursors = [one, two, three];
  let rows: Aligned<A, B, C>[] = [];
  try {
    for (;;) {
      for (const cursor of cursors) if (cursor.isHungry) await cursor.feed();
      const key = least(one.item?.key, least(two.item?.key, three.item?.key));
      if (key === undefined) break;
      rows.push({ key, a: take(one, key), b: take(two, key), c: take(three, key) });
      if (rows.length < MOST_ROWS) continue;
      yield rows;
      rows = [];
    }
    if (rows.length > 0) yield rows;
  } finally {
    for (const cursor of cursors) await cursor.close();
  }
}

function take<T extends Keyed>(cursor: Cursor<T>, key: ObjectKey): T | undefined {
  const { item } = cursor;
  if (item?.key !== key) return undefined;
  cursor.step();
  return item;
}

function least(one: ObjectKey | undefined, other: ObjectKey | undefined): ObjectKey | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one === other || compareKeys(one, other) < 0 ? one : other;
}

async function* nothing(): AsyncGenerator<never> {
  await Promise.resolve();
  yield* [];
}
