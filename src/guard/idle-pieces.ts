/** Pieces of memory that nobody uses at the moment, by size. */
export class IdlePieces {
  readonly #bySize = new Map<number, Uint8Array[]>();
  #bytes = 0;

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
    if (pieces?.length === 0) this.#bySize.delete(size);
    return piece;
  }

  keep(size: number, piece: Uint8Array): void {
    const pieces = this.#bySize.get(size);
    if (pieces === undefined) this.#bySize.set(size, [piece]);
    else pieces.push(piece);
    this.#bytes += size;
  }

  /** Forgets pieces until the others have no more than that many bytes together. */
  shrinkTo(maxBytes: number): void {
    for (const size of this.#bySize.keys()) {
      while (this.#bytes > maxBytes && this.take(size) !== undefined);
    }
  }
}
