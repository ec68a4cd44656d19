/**
 * Pieces of memory that all threads can see. The garbage collector does not count what they hold,
 * so pieces that nobody has any more may stay for long: those that it has not collected yet count,
 * and beyond a limit there are only pieces that are not shared.
 */
export class SharedPieces {
  readonly #limitBytes: number;
  readonly #collected = new FinalizationRegistry<number>((bytes) => {
    this.#bytes -= bytes;
  });
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** A piece of that size, shared if it may be. */
  take(size: number): Uint8Array {
    if (this.#bytes + size > this.#limitBytes) return Buffer.allocUnsafeSlow(size);
    const memory = new SharedArrayBuffer(size);
    this.#bytes += size;
    this.#collected.register(memory, size);
    return Buffer.from(memory);
  }
}
