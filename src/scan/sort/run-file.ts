import { unlink } from 'node:fs/promises';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { compareKeys, type ObjectKey } from '../../model/object-key.ts';
import { AppendFile } from '../journal/append-file.ts';
import { unlessDiskFails } from './disk-failure.ts';
import type { Keyed } from './keyed.ts';
import { readLines } from './read-lines.ts';

const WHAT = 'the lists that are being sorted';

/** How items become lines of a file, and items again. */
export interface Lines<T> {
  /** One line, without its end. */
  readonly encode: (item: T) => string;
  /** @throws SyntaxError where it is no such line. */
  readonly decode: (line: string) => T;
}

/** Items in order, in a part of a file. */
export interface Run {
  readonly start: number;
  readonly end: number;
}

interface GrowingRun {
  readonly start: number;
  end: number;
  last: ObjectKey;
}

/**
 * Runs of items, one behind the other in one file. The file has no name while it is used, so that it
 * is gone with its process, however that ends.
 */
export class RunFile<T extends Keyed> {
  readonly #folder: string;
  readonly #file: AppendFile;
  readonly #lines: Lines<T>;
  readonly #runs: GrowingRun[] = [];
  #isNewRun = true;

  private constructor(folder: string, file: AppendFile, lines: Lines<T>) {
    this.#folder = folder;
    this.#file = file;
    this.#lines = lines;
  }

  /** @throws FatalError `state-unusable`, as every method does. */
  static async open<T extends Keyed>(folder: string, lines: Lines<T>): Promise<RunFile<T>> {
    return unlessDiskFails(WHAT, folder, async () => {
      const name = path.join(folder, `sort-${randomUUID()}`);
      const file = await AppendFile.open(name, 0);
      if (file === undefined) throw new Error(`${name} was not made`);
      await unlink(name);
      return new RunFile(folder, file, lines);
    });
  }

  get runs(): readonly Run[] {
    return this.#runs;
  }

  /** Goes on with the run; the items are in order. */
  async write(items: readonly T[]): Promise<void> {
    const [first] = items;
    const last = items.at(-1);
    if (first === undefined || last === undefined) return;
    if (this.#isNewRun) this.#beginRun(first.key);
    const run = this.#runs.at(-1);
    const room = this.#file.append(`${items.map(this.#lines.encode).join('\n')}\n`);
    if (run !== undefined) {
      run.end = this.#file.endBytes;
      run.last = last.key;
    }
    await room;
  }

  /** What is written next is a run of its own. */
  async endRun(): Promise<void> {
    this.#isNewRun = true;
    await unlessDiskFails(WHAT, this.#folder, () => this.#file.flush());
  }

  /** @param chunkBytes read at once */
  async *read(run: Run, chunkBytes: number, signal: AbortSignal): AsyncGenerator<readonly T[]> {
    const readAt = (at: number, length: number) => this.#file.read(at, length);
    const lines = readLines(readAt, { ...run, chunkBytes }, signal);
    for (;;) {
      const items = await unlessDiskFails(WHAT, this.#folder, async () => {
        const next = await lines.next();
        return next.done === true ? undefined : next.value.map(this.#lines.decode);
      });
      if (items === undefined) return;
      yield items;
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /** A run that begins behind the end of the one before is the rest of that. */
  #beginRun(first: ObjectKey): void {
    this.#isNewRun = false;
    const before = this.#runs.at(-1);
    if (before !== undefined && compareKeys(before.last, first) <= 0) return;
    const start = this.#file.endBytes;
    this.#runs.push({ start, end: start, last: first });
  }
}
