/** One body gets at most this share of it, so that a few large ones don't have it all. */
const SHARES = 16;

/**
 * Memory that the spools of a space share, beside what each has of its own: whoever finds some free
 * takes it, and nobody waits for it. A typical object comes and goes through it without touching
 * the disk.
 */
export class SpoolMemory {
  /** What one body may have of it. */
  readonly mostBytes: number;
  readonly #totalBytes: number;
  #takenBytes = 0;

  constructor(totalBytes: number) {
    this.#totalBytes = totalBytes;
    this.mostBytes = Math.floor(totalBytes / SHARES);
  }

  get freeBytes(): number {
    return this.#totalBytes - this.#takenBytes;
  }

  /** Takes bytes, no more than are free; with a negative number gives them back. */
  take(bytes: number): void {
    this.#takenBytes += bytes;
  }
}
