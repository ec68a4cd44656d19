/** What nobody took for one to two times as long is given up. */
const QUIET_MS = 5000;

/**
 * Pieces of memory that nobody uses at the moment, by size. They are kept for who comes next: of what
 * lies here, as much as was not needed for a while is forgotten.
 */
export class IdlePieces {
  readonly #bySize = new Map<number, Uint8Array[]>();
  #bytes = 0;
  /** The least that lay here since the last look. */
  #leastBytes = 0;
  #looks: NodeJS.Timeout | undefined;

  /** How many bytes they have together. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A piece that was kept by exactly that size, if there is one. */
  take(size: number): Uint8Array | undefined {
    const pieces = this.#bySize.get(size);
    const piece = pieces?.pop();
    if (piece === undefined) return undefined;
    this.#bytes -= size;
    this.#leastBytes = Math.min(this.#leastBytes, this.#bytes);
    if (pieces?.length === 0) this.#bySize.delete(size);
    return piece;
  }

  keep(size: number, piece: Uint8Array): void {
    const pieces = this.#bySize.get(size);
    if (pieces === undefined) this.#bySize.set(size, [piece]);
    else pieces.push(piece);
    this.#bytes += size;
    // It keeps no process alive.
    this.#looks ??= setInterval(() => {
      this.#look();
    }, QUIET_MS).unref();
  }

  /** Forgets pieces until the others have no more than that many bytes together. */
  shrinkTo(maxBytes: number): void {
    for (const size of this.#bySize.keys()) {
      while (this.#bytes > maxBytes && this.take(size) !== undefined);
    }
  }

  #look(): void {
    this.shrinkTo(this.#bytes - this.#leastBytes);
    this.#leastBytes = this.#bytes;
    if (this.#bytes === 0) {
      clearInterval(this.#looks);
      this.#looks = undefined;
    }
  }
}
