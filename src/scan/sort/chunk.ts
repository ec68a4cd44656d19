import { BYTE_ORDER, isPlain, type Keyed, type Order, PLAIN_ORDER } from './keyed.ts';

/** One item of so many is made a line, to see how long lines are. */
const SAMPLED = 32;

/** Items of the input that are in memory together. */
export class Chunk<T extends Keyed> {
  readonly #encode: (item: T) => string;
  readonly #items: T[] = [];
  #isInOrder = true;
  #order = PLAIN_ORDER;
  #taken = 0;
  #bytes = 0;
  /** Of a line beside its key, as the last that was sampled had it. */
  #bytesBeside = 0;

  constructor(encode: (item: T) => string) {
    this.#encode = encode;
  }

  /** About as many as the items' lines would have. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What orders all items that ever came. */
  get order(): Order {
    return this.#order;
  }

  add(item: T): void {
    if (this.#order === PLAIN_ORDER && !isPlain(item.key)) this.#order = BYTE_ORDER;
    const last = this.#items.at(-1);
    if (this.#isInOrder && last !== undefined) {
      this.#isInOrder = this.#order(last, item) <= 0;
    }
    if (this.#taken % SAMPLED === 0) {
      this.#bytesBeside = this.#encode(item).length - item.key.length;
    }
    this.#taken += 1;
    this.#bytes += item.key.length + this.#bytesBeside;
    this.#items.push(item);
  }

  /** Gives the items away, in order, in batches of `size`; of equal keys in the order they came. */
  *takeSorted(size: number): Generator<readonly T[]> {
    const items = this.#items.splice(0);
    // Most scans come in order, or nearly so.
    if (!this.#isInOrder) items.sort(this.#order);
    this.#isInOrder = true;
    this.#bytes = 0;
    for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
  }
}
