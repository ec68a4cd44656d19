import type { BodyMemory, ReservedMemory } from '../model/body-memory.ts';
import { pieceSizeBytes } from '../model/piece-size.ts';

/** What was gathered, with the memory that it lies in. */
export interface Gathered {
  readonly reserved: ReservedMemory;
  /** Where it lies, from the first byte on. */
  readonly memory: Uint8Array;
  /** How many bytes there are. */
  readonly length: number;
}

/**
 * Bytes in one piece of memory, up to a limit. Memory is reserved before it is there: for a body of
 * known length all of it at once. One of unknown length begins in the budget's share for that; if
 * more comes, the whole limit is reserved, and only then the beginning moves there and is given
 * back. So nothing ever grows by steps, each of which others could take away from it.
 */
export class GrowingBuffer {
  readonly #budget: BodyMemory;
  readonly #limitBytes: number;
  readonly #isKnown: boolean;
  #gathered: { reserved: ReservedMemory; memory: Uint8Array; length: number } | undefined;

  /** @param isKnown whether just as many bytes as the limit are going to come. */
  constructor(budget: BodyMemory, limitBytes: number, isKnown: boolean) {
    this.#budget = budget;
    this.#limitBytes = limitBytes;
    this.#isKnown = isKnown;
  }

  get length(): number {
    return this.#gathered?.length ?? 0;
  }

  /** Takes the chunk without waiting, where it fits into the memory that is there. */
  tryAppend(chunk: Uint8Array): boolean {
    const gathered = this.#gathered;
    if (gathered === undefined) return false;
    if (gathered.length + chunk.length > gathered.memory.length) return false;
    gathered.memory.set(chunk, gathered.length);
    gathered.length += chunk.length;
    return true;
  }

  /**
   * Takes as much of `chunk` as there is room for below the limit, and gives that number of bytes.
   * Waits for memory. Throws as {@link BodyMemory.reserve}; what was gathered stays then.
   */
  async append(chunk: Uint8Array, signal: AbortSignal): Promise<number> {
    const taken = chunk.subarray(0, this.#limitBytes - this.length);
    if (taken.length === 0 || this.tryAppend(taken)) return taken.length;
    if (this.#gathered === undefined && !this.#isKnown) {
      this.#move(await this.#budget.begin(signal), taken);
      if (this.tryAppend(taken)) return taken.length;
    }
    const size = pieceSizeBytes(this.#limitBytes, this.#budget.limitBytes);
    this.#move(await this.#budget.reserve(size, signal), taken);
    this.tryAppend(taken);
    return taken.length;
  }

  /** What was taken so far, not copied. */
  bytes(): Uint8Array {
    return this.#gathered?.memory.subarray(0, this.length) ?? new Uint8Array(0);
  }

  /** Gives up what was gathered, and the duty to give its memory back. */
  handOver(): Gathered | undefined {
    const gathered = this.#gathered;
    this.#gathered = undefined;
    return gathered;
  }

  /**
   * Gives the memory back.
   * @param use whether requests may still read it
   */
  free(use: 'over' | 'uncertain'): void {
    const reserved = this.handOver()?.reserved;
    if (use === 'over') reserved?.recycle();
    else reserved?.release();
  }

  #move(reserved: ReservedMemory, next: Uint8Array): void {
    const before = this.#gathered === undefined ? next : this.bytes();
    const memory = reserved.piece('shared', before).subarray(0, this.#limitBytes);
    memory.set(this.bytes());
    const length = this.length;
    this.#gathered?.reserved.recycle();
    this.#gathered = { reserved, memory, length };
  }
}
