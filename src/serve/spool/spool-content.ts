import type { SpoolDisk } from './spool-disk.ts';
import type { SpoolFile } from './spool-file.ts';
import type { SpoolMemory } from './spool-memory.ts';
import { type BodyBytes, SpoolWindow } from './spool-window.ts';

/** What is read at once from the file. */
const READ_BYTES = 64 * 1024;

/**
 * The bytes of one body: [0, window.start) are in the file, the others in memory. A body that fits
 * into the window has no file. Once one does not, its pieces go to the file one after another,
 * ahead of need where the disk has space, and leave the window only when they are written.
 *
 * Discarded, it gives up its memory at once, its file when the write under way is over, and its
 * disk space when the file is closed.
 */
export class SpoolContent {
  readonly #disk: SpoolDisk;
  readonly #window: SpoolWindow;
  #file: SpoolFile | undefined;
  /** Settles, without failing, when the write to the file under way did. */
  #flushing: Promise<void> | undefined;
  #discarding: Promise<void> | undefined;

  /**
   * @param memoryBytes that its window has in any case; at least 1.
   * @param shared where its window takes more
   */
  constructor(disk: SpoolDisk, memoryBytes: number, shared: SpoolMemory) {
    this.#disk = disk;
    this.#window = new SpoolWindow(memoryBytes, shared);
  }

  /** How many bytes were put in so far. */
  get length(): number {
    return this.#window.end;
  }

  get memoryBytes(): number {
    return this.#window.allocatedBytes;
  }

  /** Copies as much of the chunk as there is room for in memory; gives that number of bytes. */
  append(chunk: Uint8Array): number {
    const taken = this.#window.append(chunk);
    this.#flushAhead();
    return taken;
  }

  /**
   * Waits until there is room in memory. One call at a time, and no `append` meanwhile.
   * @throws SpoolFull; another error where it is discarded.
   */
  async makeRoom(): Promise<void> {
    // Its failure is no matter: the bytes are still in memory, and are tried again.
    if (this.#flushing !== undefined) await this.#flushing;
    if (this.#window.hasRoom) return;
    const oldest = this.#window.oldest();
    if (oldest === undefined) return;
    await this.#disk.take(this, oldest.bytes.length);
    if (this.#isDiscarded()) throw isOver();
    await this.#flush(oldest);
  }

  /**
   * Bytes from `at` on, at least one and at most up to `end`, which was put in.
   * @throws SpoolFull where the disk does not give them back.
   */
  async read(at: number, end: number): Promise<Uint8Array> {
    const inFile = this.#window.start;
    if (this.#file === undefined || at >= inFile) return this.#window.read(at, end);
    return this.#file.read(at, Math.min(READ_BYTES, inFile - at, end - at));
  }

  /** Gives everything up; resolves when nothing is left, and never fails. Safe to call twice. */
  async discard(): Promise<void> {
    this.#discarding ??= this.#giveUp();
    await this.#discarding;
  }

  #isDiscarded(): boolean {
    return this.#discarding !== undefined;
  }

  #flushAhead(): void {
    if (this.#file === undefined || this.#flushing !== undefined) return;
    const oldest = this.#window.isHalfFull ? this.#window.oldest() : undefined;
    if (oldest === undefined || !this.#disk.tryTake(this, oldest.bytes.length)) return;
    // Where it fails, the bytes stay in memory; who needs their room tries again, and is told.
    this.#flush(oldest).catch(() => undefined);
  }

  /** Moves the piece in front to the file; space for it has been taken. */
  async #flush(oldest: BodyBytes): Promise<void> {
    const flush = this.#moveToFile(oldest).finally(() => {
      this.#flushing = undefined;
    });
    this.#flushing = flush.catch(() => undefined);
    await flush;
  }

  async #moveToFile({ start, bytes }: BodyBytes): Promise<void> {
    try {
      this.#file ??= await this.#disk.open();
      if (this.#isDiscarded()) return;
      await this.#file.write(bytes, start);
      this.#window.dropOldest();
    } catch (error) {
      this.#disk.giveBack(this, bytes.length);
      throw error;
    }
  }

  async #giveUp(): Promise<void> {
    this.#window.clear();
    // Most bodies never asked for space there.
    if (this.#disk.knows(this)) this.#disk.leave(this, isOver());
    await this.#flushing;
    await this.#file?.close();
    this.#disk.end(this);
  }
}

const isOver = (): Error => new Error('a spool was written to after it had been discarded');
