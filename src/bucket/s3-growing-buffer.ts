/** What an object of unknown length gets at first; most are small. */
const FIRST_BYTES = 64 * 1024;

/** Bytes in one piece of memory, which grows as they come, up to a limit. */
export class GrowingBuffer {
  readonly limitBytes: number;
  #memory: Buffer;
  #length = 0;

  /** @param expectedBytes what is likely to come, where that is known. */
  constructor(limitBytes: number, expectedBytes: number = FIRST_BYTES) {
    this.limitBytes = limitBytes;
    this.#memory = Buffer.allocUnsafeSlow(Math.min(limitBytes, expectedBytes));
  }

  get length(): number {
    return this.#length;
  }

  /** How many more bytes fit. */
  get room(): number {
    return this.limitBytes - this.#length;
  }

  /** Takes as much of `chunk` as there is room for, and gives that number of bytes. */
  append(chunk: Uint8Array): number {
    const taken = chunk.subarray(0, this.room);
    const needed = this.#length + taken.length;
    if (needed > this.#memory.length) this.#grow(needed);
    this.#memory.set(taken, this.#length);
    this.#length = needed;
    return taken.length;
  }

  /** What was taken so far, not copied. */
  bytes(): Uint8Array {
    return this.#memory.subarray(0, this.#length);
  }

  #grow(needed: number): void {
    const size = Math.min(this.limitBytes, Math.max(needed, this.#memory.length * 2));
    const memory = Buffer.allocUnsafeSlow(size);
    memory.set(this.bytes());
    this.#memory = memory;
  }
}
