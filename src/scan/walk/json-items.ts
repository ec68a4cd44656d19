import { NoIndex } from './page-link.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const SPACES: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** An entry of an index has a few hundred bytes; what is much longer is no index. */
const MOST_ITEM_BYTES = 64 * 1024;

/**
 * Cuts a JSON list of objects into its objects as it comes, so that a list of a million needs no
 * more memory than one of them. They are given as bytes, because one that is not UTF-8 must not
 * spoil the others.
 */
export class JsonItems {
  readonly #onItem: (item: Uint8Array) => void;
  #state: 'before' | 'between' | 'inside' | 'after' = 'before';
  #depth = 0;
  #inString = false;
  #isEscaped = false;
  /** Earlier chunks' bytes of the object that is being read. */
  #kept: Uint8Array[] = [];
  #keptBytes = 0;

  constructor(onItem: (item: Uint8Array) => void) {
    this.#onItem = onItem;
  }

  /** @throws NoIndex where it is no list of objects; what `onItem` throws. */
  write(chunk: Uint8Array): void {
    let start = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      if (this.#state !== 'inside') {
        this.#outside(byte);
        start = at;
      } else if (this.#closes(byte)) {
        this.#give(chunk.subarray(start, at + 1));
      }
    }
    if (this.#state === 'inside') this.#keep(chunk.subarray(start));
  }

  /** @throws NoIndex where the list has no end. */
  end(): void {
    if (this.#state !== 'after') throw new NoIndex('it is cut: the JSON list has no end');
  }

  #outside(byte: number): void {
    if (SPACES.has(byte)) return;
    if (this.#state === 'before' && byte === OPEN_LIST) this.#state = 'between';
    else if (this.#state === 'between' && byte === OPEN_OBJECT) {
      this.#state = 'inside';
      this.#depth = 1;
    } else if (this.#state === 'between' && byte === CLOSE_LIST) this.#state = 'after';
    else if (this.#state !== 'between' || byte !== COMMA) {
      throw new NoIndex('it is no JSON list of entries');
    }
  }

  /** Whether the byte ends the object. */
  #closes(byte: number): boolean {
    if (this.#inString) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === BACKSLASH) this.#isEscaped = true;
      else if (byte === QUOTE) this.#inString = false;
      return false;
    }
    if (byte === QUOTE) this.#inString = true;
    else if (byte === OPEN_OBJECT || byte === OPEN_LIST) this.#depth += 1;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) this.#depth -= 1;
    return this.#depth === 0;
  }

  #keep(bytes: Uint8Array): void {
    this.#kept.push(Uint8Array.from(bytes));
    this.#keptBytes += bytes.length;
    if (this.#keptBytes > MOST_ITEM_BYTES) throw new NoIndex('one of its entries has no end');
  }

  #give(last: Uint8Array): void {
    const item = this.#kept.length === 0 ? last : Buffer.concat([...this.#kept, last]);
    this.#kept = [];
    this.#keptBytes = 0;
    this.#state = 'between';
    this.#onItem(item);
  }
}
