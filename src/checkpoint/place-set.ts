import type { EntryPlace } from '../model/checkpoint.ts';

/** Bits of one page: 8 KiB. */
const PAGE_BITS = 65_536;
const BITS_A_BYTE = 8;

/** Segments have at most so many entries or few more; what lies beyond is put far away. */
const ROW = 1024;
const FAR = 2 ** 40;

/** Places of entries, a bit each: 100 million of full segments take some 13 MB. */
export class PlaceSet {
  readonly #pages = new Map<number, Uint8Array>();

  /** @returns whether the place is new. */
  add({ segment, index }: EntryPlace): boolean {
    const bit = segment * ROW + (index % ROW) + Math.floor(index / ROW) * FAR;
    const page = this.#page(Math.floor(bit / PAGE_BITS));
    const at = Math.floor((bit % PAGE_BITS) / BITS_A_BYTE);
    const mask = 1 << (bit % BITS_A_BYTE);
    const before = page[at] ?? 0;
    page[at] = before | mask;
    return (before & mask) === 0;
  }

  #page(number: number): Uint8Array {
    const known = this.#pages.get(number);
    if (known !== undefined) return known;
    const fresh = new Uint8Array(PAGE_BITS / BITS_A_BYTE);
    this.#pages.set(number, fresh);
    return fresh;
  }
}
