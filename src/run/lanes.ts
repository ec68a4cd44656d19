import type { Entry } from '../model/entry.ts';
import type { ObjectKey } from '../model/object-key.ts';

/** Objects of as many bytes are large: what they take is the time of their bytes. */
const LARGE_BYTES = 1024 * 1024;

/** One place in so many is for large objects, as long as there are others. */
const LARGE_SHARE = 2;

/** How many large objects are begun at once beside others, where `level` objects are in all. */
export function largeAtOnce(level: number): number {
  return Math.max(1, Math.floor(level / LARGE_SHARE));
}

/** An entry whose turn it is. */
export interface Turn {
  readonly index: number;
  readonly entry: Entry;
  readonly isLarge: boolean;
  /** It has the same key as the one in front of it. */
  readonly isRepeat: boolean;
}

/**
 * In which order the open entries of a batch are begun. Those that are large by what the list says
 * have a lane of their own, the largest first, so that none is left for the end, when there is
 * nothing else to do beside it. The others come in the list's order: if it names no sizes, all.
 */
export class Lanes {
  /** The next one last. */
  readonly #large: Turn[] = [];
  /** The next one last. */
  readonly #others: Turn[] = [];
  #lastKey: ObjectKey | undefined;

  /** @param keyBefore that of the entry in front of the batch, if there is one */
  constructor(
    entries: readonly Entry[],
    isOpen: (index: number) => boolean,
    keyBefore: ObjectKey | undefined,
  ) {
    this.#lastKey = keyBefore;
    for (const [index, entry] of entries.entries()) {
      if (isOpen(index)) this.#add(index, entry);
    }
    this.#others.reverse();
    this.#large.sort((one, other) => sizeOf(one.entry) - sizeOf(other.entry));
  }

  /** Whether some have not had their turn. */
  get isMore(): boolean {
    return this.#others.length > 0 || this.#large.length > 0;
  }

  /** The last key of the batch, or the one in front of it where it has none. */
  get lastKey(): ObjectKey | undefined {
    return this.#lastKey;
  }

  /**
   * The next entry; undefined where all have had their turn.
   * @param prefersLarge whether it should be a large one, where there is one
   */
  next(prefersLarge: boolean): Turn | undefined {
    const isLarge = this.#large.length > 0 && (prefersLarge || this.#others.length === 0);
    return (isLarge ? this.#large : this.#others).pop();
  }

  #add(index: number, entry: Entry): void {
    const isLarge = sizeOf(entry) >= LARGE_BYTES;
    const isRepeat = 'key' in entry && entry.key === this.#lastKey;
    if ('key' in entry) this.#lastKey = entry.key;
    (isLarge ? this.#large : this.#others).push({ index, entry, isLarge, isRepeat });
  }
}

function sizeOf(entry: Entry): number {
  return 'key' in entry ? (entry.size ?? 0) : 0;
}
