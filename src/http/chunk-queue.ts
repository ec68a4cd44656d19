/** Chunks that may lie unread before the socket is held: it hides a reader's short waits. */
const READ_AHEAD_BYTES = 128 * 1024;

/** The chunks of a body that came and are not read yet. A small body is one, for which no list is made. */
export class ChunkQueue {
  /** More than this makes it full. */
  limitBytes = READ_AHEAD_BYTES;
  #first: Uint8Array | undefined;
  #behind: Uint8Array[] | undefined;
  #bytes = 0;

  get isFull(): boolean {
    return this.#bytes > this.limitBytes;
  }

  push(chunk: Uint8Array): void {
    if (this.#first === undefined) this.#first = chunk;
    else (this.#behind ??= []).push(chunk);
    this.#bytes += chunk.length;
  }

  shift(): Uint8Array | undefined {
    const chunk = this.#first;
    if (chunk === undefined) return undefined;
    this.#first = this.#behind?.shift();
    this.#bytes -= chunk.length;
    return chunk;
  }

  /** All of them as one, which is not copied where it is one already. */
  joined(): Uint8Array {
    if (this.#first === undefined) return Buffer.alloc(0);
    const behind = this.#behind ?? [];
    return behind.length === 0 ? this.#first : Buffer.concat([this.#first, ...behind]);
  }

  clear(): void {
    this.#first = undefined;
    this.#behind = undefined;
    this.#bytes = 0;
  }
}
