import type { Socket } from 'node:net';

/** Read at once, in bytes; as much as Node reads. */
const READ_BYTES = 64 * 1024;

const WORD_BYTES = 8;

/**
 * Reads a socket into memory that is used again. Node takes new memory for each read, all of which
 * counts as garbage of the collector's oldest kind: a large body that is only handed on makes it
 * look through everything there is, some times a second.
 *
 * A chunk is `lent` while {@link LentReads.isLending} says so: its memory is overwritten by the next
 * read, unless {@link LentReads.keep} is called before. All others are their reader's for good.
 */
export class LentReads {
  /** For `net.connect`. */
  readonly onread = {
    buffer: (): Uint8Array => this.#next(),
    callback: (bytes: number): boolean => this.#onRead(bytes),
  };
  /** Whoever reads gives each chunk back before it returns, or keeps it. */
  isLending = false;
  #socket: Socket | undefined;
  #memory = Buffer.allocUnsafeSlow(READ_BYTES + WORD_BYTES);
  #isKept = false;
  /**
   * Where in its word the stream has come to, and the next read begins: so what is copied to one place
   * chunk by chunk is copied in whole words, if the first one is.
   */
  #within = 0;
  /** What came and was not read; two chunks at most, since reading pauses behind the first. */
  readonly #unread: Buffer[] = [];

  /** The socket whose `onread` this is. Whoever reads it finds the chunks where it finds them else. */
  attach(socket: Socket): void {
    const read = socket.read.bind(socket);
    // Of no byte, it is Node's own, to go on reading.
    socket.read = (size) =>
      (size === 0 ? undefined : this.#unread.shift()) ?? (read(size) as unknown);
    this.#socket = socket;
    READS.set(socket, this);
  }

  /** The chunk that was given last is its reader's for good. */
  keep(): void {
    this.#isKept = true;
  }

  #next(): Uint8Array {
    if (this.#isKept) {
      this.#isKept = false;
      this.#memory = Buffer.allocUnsafeSlow(READ_BYTES + WORD_BYTES);
    }
    return this.#memory.subarray(this.#within, this.#within + READ_BYTES);
  }

  /** @returns false where reading is to pause: nobody took what came. */
  #onRead(bytes: number): boolean {
    const chunk = this.#memory.subarray(this.#within, this.#within + bytes);
    this.#within = (this.#within + bytes) % WORD_BYTES;
    this.#unread.push(this.isLending ? chunk : this.#owned(chunk));
    this.#socket?.emit('readable');
    if (this.#unread.length === 0) return true;
    this.keep();
    return false;
  }

  /** A large chunk takes the memory with it, a small one is copied. */
  #owned(chunk: Buffer): Buffer {
    if (chunk.length * 2 > READ_BYTES) {
      this.keep();
      return chunk;
    }
    // `Buffer.from` takes several times as long for more than its pool gives.
    const copy = Buffer.allocUnsafe(chunk.length);
    copy.set(chunk);
    return copy;
  }
}

const READS = new WeakMap<Socket, LentReads>();

/** How that socket is read; undefined where it is read as Node does it. */
export function lentReadsOf(socket: Socket): LentReads | undefined {
  return READS.get(socket);
}
