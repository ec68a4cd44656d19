import type { Entry, EntryBatch, EntrySource } from '../model/entry.ts';

/**
 * A list that can't be entered in its middle, rereading which would begin at its start each time:
 * as long as what is reread comes in the list's order, it is read once for all of it.
 */
export function readForward<T extends EntrySource>(list: T): T {
  const reader = new ForwardReader(list);
  return {
    ...list,
    name: list.name,
    batches: (from, signal) => list.batches(from, signal),
    startsWith: (position, signal) => list.startsWith(position, signal),
    reread: (start, end, signal) => reader.reread(start, end, signal),
    close: async () => {
      await reader.close();
      await list.close();
    },
  };
}

/** Keeps the place up to which the list was read. */
class ForwardReader {
  readonly #list: EntrySource;
  #batches: AsyncIterator<EntryBatch> | undefined;
  /** Read already, and not asked for yet. */
  #next: EntryBatch | undefined;
  /** Nothing in front of it is given out any more. */
  #position = 0;

  constructor(list: EntrySource) {
    this.#list = list;
  }

  async reread(start: number, end: number, signal: AbortSignal): Promise<readonly Entry[]> {
    const batch = await this.#batchAt(start, signal);
    // A list that came over a pipe was cut where the pipe paused.
    if (batch?.end !== end) return this.#list.reread(start, end, signal);
    return batch.entries;
  }

  async close(): Promise<void> {
    const batches = this.#batches;
    this.#batches = undefined;
    this.#next = undefined;
    this.#position = 0;
    await batches?.return?.();
  }

  /** The batch that begins there, if one does. */
  async #batchAt(start: number, signal: AbortSignal): Promise<EntryBatch | undefined> {
    if (start < this.#position) await this.close();
    this.#batches ??= iteratorOf(this.#list.batches({ end: start, prefixCrc: 0 }, signal));
    for (;;) {
      const batch = this.#next ?? (await this.#read(this.#batches));
      this.#next = batch;
      if (batch === undefined || batch.start > start) return undefined;
      this.#position = batch.end;
      this.#next = undefined;
      if (batch.start === start) return batch;
    }
  }

  async #read(batches: AsyncIterator<EntryBatch>): Promise<EntryBatch | undefined> {
    const result = await batches.next();
    return result.done === true ? undefined : result.value;
  }
}

function iteratorOf<T>(values: AsyncIterable<T>): AsyncIterator<T> {
  return values[Symbol.asyncIterator]();
}
