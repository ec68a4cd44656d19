import { Chunk } from './chunk.ts';
import { eachKeyOnce } from './each-key-once.ts';
import type { Keyed, Same } from './keyed.ts';
import { mergeRuns } from './merge-runs.ts';
import { type Lines, type Run, RunFile } from './run-file.ts';

/** Text of items that memory holds, which takes several times that; about the length of a run. */
const MEMORY_BYTES = 16 * 1024 * 1024;

/** Runs that are merged at once, so that ten million keys take one pass. */
const MOST_RUNS = 128;

/** Of a run are read at once, whatever the memory. */
const LEAST_READ_BYTES = 16 * 1024;
const MOST_READ_BYTES = 256 * 1024;

/** Items that are given out, or written, at once. */
const BATCH_ITEMS = 1000;

export interface SortOptions<T extends Keyed> extends Lines<T> {
  /** Where files may be made; it exists. They have no name, and end with the process. */
  readonly folder: string;
  readonly same: Same<T>;
  readonly signal: AbortSignal;
  /** Text of items that may be in memory; 16 MiB where it is not given. */
  readonly memoryBytes?: number;
}

/**
 * What does not fit into memory goes to a file as runs, each in order; in the end the runs are
 * merged, at most {@link MOST_RUNS} at once, in as many passes as that takes. Input that comes in
 * order makes one long run, which is only read back.
 */
class Sorter<T extends Keyed> {
  readonly #options: SortOptions<T>;
  readonly #memoryBytes: number;
  readonly #chunk: Chunk<T>;
  #file: RunFile<T> | undefined;

  constructor(options: SortOptions<T>) {
    this.#options = options;
    this.#memoryBytes = options.memoryBytes ?? MEMORY_BYTES;
    this.#chunk = new Chunk(options.encode);
  }

  async add(batch: readonly T[]): Promise<void> {
    for (const item of batch) {
      this.#chunk.add(item);
      if (this.#chunk.bytes >= this.#memoryBytes) await this.#writeRun();
    }
  }

  /** Once everything was added. */
  async *sorted(): AsyncGenerator<readonly T[]> {
    if (this.#file === undefined) {
      yield* this.#chunk.takeSorted(BATCH_ITEMS);
      return;
    }
    let file = await this.#writeRun();
    while (file.runs.length > MOST_RUNS) file = await this.#mergedOnce(file);
    yield* this.#merge(file, file.runs);
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }

  async #writeRun(): Promise<RunFile<T>> {
    this.#file ??= await RunFile.open(this.#options.folder, this.#options);
    for (const items of this.#chunk.takeSorted(BATCH_ITEMS)) {
      this.#options.signal.throwIfAborted();
      await this.#file.write(items);
    }
    await this.#file.endRun();
    return this.#file;
  }

  /** One pass: as many runs as can be merged at once become one. */
  async #mergedOnce(file: RunFile<T>): Promise<RunFile<T>> {
    const next = await RunFile.open(this.#options.folder, this.#options);
    try {
      for (let at = 0; at < file.runs.length; at += MOST_RUNS) {
        const merged = this.#merge(file, file.runs.slice(at, at + MOST_RUNS));
        for await (const items of merged) await next.write(items);
        await next.endRun();
      }
    } catch (error) {
      await next.close();
      throw error;
    }
    this.#file = next;
    await file.close();
    return next;
  }

  #merge(file: RunFile<T>, runs: readonly Run[]): AsyncIterable<readonly T[]> {
    const share = Math.floor(this.#memoryBytes / (4 * runs.length));
    const chunkBytes = Math.max(LEAST_READ_BYTES, Math.min(MOST_READ_BYTES, share));
    const read = (run: Run) => file.read(run, chunkBytes, this.#options.signal);
    const [only, ...others] = runs;
    if (only !== undefined && others.length === 0) return read(only);
    return mergeRuns(runs.map(read), this.#chunk.order);
  }
}

/**
 * Sorts by the keys' UTF-8 bytes, in memory that does not grow with the input; each key once. What
 * fits into memory makes no file.
 * @throws FatalError `state-unusable` where a file can't be written or read back; the signal's
 * reason; whatever `batches` throws.
 */
export async function* sortByKey<T extends Keyed>(
  batches: AsyncIterable<readonly T[]>,
  options: SortOptions<T>,
): AsyncGenerator<readonly T[]> {
  const sorter = new Sorter(options);
  try {
    for await (const batch of batches) {
      options.signal.throwIfAborted();
      await sorter.add(batch);
    }
    for await (const items of eachKeyOnce(sorter.sorted(), options.same)) {
      options.signal.throwIfAborted();
      yield items;
    }
  } finally {
    await sorter.close();
  }
}
