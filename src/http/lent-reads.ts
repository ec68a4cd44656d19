import type { Socket } from 'node:net';

/** Read at once, in bytes; as much as Node reads. */
const READ_BYTES = 64 * 1024;

const WORD_BYTES = 8;

/** Copies are cut out of memory of this size, less than a connection has to read into. */
const COPIES_BYTES = 32 * 1024;

/** A longer copy has memory of its own. */
const MOST_CUT_BYTES = COPIES_BYTES / 4;

/**
 * Where copies of small chunks go. Memory for each is what Node's own pool gives for less than 4 KiB
 * only; taking and freeing it costs many times as much as the copy.
 */
let copies = Buffer.allocUnsafeSlow(0);
let copiedBytes = 0;

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
  /** The reader is being told of a chunk, and nothing else can have come. */
  #isTelling = false;
  /** Parts of the memory that are read into, by where they begin. */
  #parts: Uint8Array[] = [];
  /**
   * Where in its word the stream has come to, and the next read begins: so what is copied to one place
   * chunk by chunk is copied in whole words, if the first one is.
   */
  #within = 0;
  /** What came and was not read: two chunks at most, since reading pauses behind the first. */
  #unread: Buffer | undefined;
  #unreadBehind: Buffer | undefined;

  /** The socket whose `onread` this is. Whoever reads it finds the chunks where it finds them else. */
  attach(socket: Socket): void {
    const read = socket.read.bind(socket);
    // Of no byte, it is Node's own, to go on reading.
    socket.read = (size) => {
      const chunk = size === 0 ? undefined : this.#shift();
      if (chunk !== undefined) return chunk;
      return this.#isTelling ? null : (read(size) as unknown);
    };
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
      this.#parts = [];
    }
    const within = this.#within;
    return (this.#parts[within] ??= this.#memory.subarray(within, within + READ_BYTES));
  }

  /** @returns false where reading is to pause: nobody took what came. */
  #onRead(bytes: number): boolean {
    const start = this.#within;
    this.#within = (start + bytes) % WORD_BYTES;
    this.#push(this.#chunk(start, start + bytes));
    this.#isTelling = true;
    this.#socket?.emit('readable');
    this.#isTelling = false;
    if (this.#unread === undefined) return true;
    this.keep();
    return false;
  }

  #push(chunk: Buffer): void {
    if (this.#unread === undefined) this.#unread = chunk;
    else this.#unreadBehind = chunk;
  }

  #shift(): Buffer | undefined {
    const chunk = this.#unread;
    if (chunk === undefined) return undefined;
    this.#unread = this.#unreadBehind;
    this.#unreadBehind = undefined;
    return chunk;
  }

  /** What was read, as its reader gets it: a large chunk takes the memory with it, a small one is copied. */
  #chunk(start: number, end: number): Buffer {
    const isLarge = (end - start) * 2 > READ_BYTES;
    if (!this.isLending && !isLarge) return copyOf(this.#memory, start, end);
    if (!this.isLending) this.keep();
    return this.#memory.subarray(start, end);
  }
}

function copyOf(memory: Buffer, start: number, end: number): Buffer {
  const length = end - start;
  if (length > MOST_CUT_BYTES) {
    const copy = Buffer.allocUnsafeSlow(length);
    memory.copy(copy, 0, start, end);
    return copy;
  }
  if (copiedBytes + length > copies.length) {
    copies = Buffer.allocUnsafeSlow(COPIES_BYTES);
    copiedBytes = 0;
  }
  const at = copiedBytes;
  memory.copy(copies, at, start, end);
  copiedBytes += length;
  return copies.subarray(at, at + length);
}

const READS = new WeakMap<Socket, LentReads>();

/** How that socket is read; undefined where it is read as Node does it. */
export function lentReadsOf(socket: Socket): LentReads | undefined {
  return READS.get(socket);
}
