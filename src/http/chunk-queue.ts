/** Chunks that may lie unread before the socket is held: it hides a reader's short waits. */
const READ_AHEAD_BYTES = 128 * 1024;

/** The chunks of a body that came and are not read yet. */
export class ChunkQueue {
  /** More than this makes it full. */
  limitBytes = READ_AHEAD_BYTES;
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  get isFull(): boolean {
    return this.#bytes > this.limitBytes;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  shift(): Uint8Array | undefined {
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) this.#bytes -= chunk.length;
    return chunk;
  }

  /** All of them as one, which is not copied where it is one already. */
  joined(): Uint8Array {
    const [only] = this.#chunks;
    return only !== undefined && this.#chunks.length === 1 ? only : Buffer.concat(this.#chunks);
  }

  clear(): void {
    this.#chunks = [];
    this.#bytes = 0;
  }
}
