import type { SpoolMemory } from './spool-memory.ts';

/** Large enough to write and send at once, small enough for one in the hands of each reader. */
const PIECE_BYTES = 64 * 1024;

/** Most bodies are small: the first piece is as well. */
const FIRST_PIECE_BYTES = 4 * 1024;

/** At most this share of the window is one piece, so one can be emptied while others fill. */
const PIECES = 4;

interface Piece {
  readonly memory: Uint8Array;
  /** Where in the body it starts. */
  readonly start: number;
  length: number;
}

/** Bytes of a body, and where in it they start. */
export interface BodyBytes {
  readonly start: number;
  readonly bytes: Uint8Array;
}

/**
 * The end of a body, in memory: bytes are put behind, and taken away in front once they are kept
 * elsewhere. Memory is never used twice, so what was given out stays as it is.
 */
export class SpoolWindow {
  readonly #limitBytes: number;
  readonly #shared: SpoolMemory;
  readonly #pieceBytes: number;
  /** All but the last one are full. */
  readonly #pieces: Piece[] = [];
  #start = 0;
  #end = 0;
  #allocatedBytes = 0;

  /**
   * @param limitBytes what it may allocate in any case; at least 1.
   * @param shared where it takes more, as far as there is some.
   */
  constructor(limitBytes: number, shared: SpoolMemory) {
    this.#limitBytes = limitBytes;
    this.#shared = shared;
    this.#pieceBytes = Math.min(PIECE_BYTES, Math.ceil(limitBytes / PIECES));
  }

  /** The body's first byte that is here. */
  get start(): number {
    return this.#start;
  }

  /** How many bytes of the body were put in so far. */
  get end(): number {
    return this.#end;
  }

  get allocatedBytes(): number {
    return this.#allocatedBytes;
  }

  /** Whether a piece had better be kept elsewhere before there is no room. */
  get isHalfFull(): boolean {
    return this.#pieces.length > 1 && this.#allocatedBytes * 2 >= this.#limitBytes;
  }

  get hasRoom(): boolean {
    const last = this.#pieces.at(-1);
    if (last !== undefined && last.length < last.memory.length) return true;
    return this.#roomBytes > 0;
  }

  /** Copies as much of the chunk as there is room for; gives that number of bytes. */
  append(chunk: Uint8Array): number {
    let done = 0;
    while (done < chunk.length) {
      const piece = this.#pieceWithRoom(chunk.length - done);
      if (piece === undefined) break;
      const part = chunk.subarray(done, done + piece.memory.length - piece.length);
      piece.memory.set(part, piece.length);
      piece.length += part.length;
      done += part.length;
      this.#end += part.length;
    }
    return done;
  }

  /** The piece in front; undefined where there is none. */
  oldest(): BodyBytes | undefined {
    const [piece] = this.#pieces;
    return piece && { start: piece.start, bytes: piece.memory.subarray(0, piece.length) };
  }

  /** Takes away the piece in front, which is full, unless all is given up already. */
  dropOldest(): void {
    const piece = this.#pieces.shift();
    if (piece === undefined) return;
    this.#start += piece.length;
    this.#allocate(-piece.memory.length);
  }

  /** Bytes from `at` on, up to `end` or the end of the piece that they are in; not copied. */
  read(at: number, end: number): Uint8Array {
    const piece = this.#pieces.findLast(({ start }) => start <= at);
    if (piece === undefined || at >= this.#end) throw new Error(`byte ${at} is not in memory`);
    const { start, length } = piece;
    return piece.memory.subarray(at - start, Math.min(end - start, length));
  }

  /** Gives all memory up. */
  clear(): void {
    this.#pieces.length = 0;
    this.#start = this.#end;
    this.#allocate(-this.#allocatedBytes);
  }

  /** What it could allocate now. */
  get #roomBytes(): number {
    const ownBytes = this.#limitBytes - this.#allocatedBytes;
    const { mostBytes, freeBytes } = this.#shared;
    return Math.min(ownBytes + mostBytes, Math.max(0, ownBytes) + freeBytes);
  }

  #allocate(bytes: number): void {
    const before = Math.max(0, this.#allocatedBytes - this.#limitBytes);
    this.#allocatedBytes += bytes;
    this.#shared.take(Math.max(0, this.#allocatedBytes - this.#limitBytes) - before);
  }

  #pieceWithRoom(wantedBytes: number): Piece | undefined {
    const last = this.#pieces.at(-1);
    if (last !== undefined && last.length < last.memory.length) return last;
    // What is there is doubled, so that a small body takes little and a large one few pieces.
    const atLeast = Math.max(wantedBytes, this.#end - this.#start, FIRST_PIECE_BYTES);
    const size = Math.min(atLeast, this.#pieceBytes, this.#roomBytes);
    if (size <= 0) return undefined;
    const piece = { memory: Buffer.allocUnsafeSlow(size), start: this.#end, length: 0 };
    this.#pieces.push(piece);
    this.#allocate(size);
    return piece;
  }
}
