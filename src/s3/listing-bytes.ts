/** What bytes of a text are, each a bit: one pass over a text tells what is in it. */
export const ENTITY = 1;
export const ESCAPED = 2;
export const SPACE = 4;
export const QUOTE = 8;
export const CONTROL = 16;

const KINDS = new Uint8Array(256);
KINDS.fill(CONTROL, 0, 0x20);
KINDS.fill(CONTROL, 0x7f);
for (const [text, kind] of [
  ['&', ENTITY],
  ['%', ESCAPED],
  ['+', ESCAPED],
  [' ', SPACE],
  ['"', QUOTE],
] as const) {
  KINDS[text.charCodeAt(0)] = kind;
}

const LT = 0x3c;
const GT = 0x3e;
const SLASH = 0x2f;

/** Thrown where something is not written as it usually is. */
export class Unusual extends Error {
  override readonly name = 'Unusual';
}

/** The tags of an element without attributes. */
export interface Tags {
  readonly open: Buffer;
  readonly close: Buffer;
}

/** The tags of a name. */
export function tagsOf(name: string): Tags {
  return { open: Buffer.from(`<${name}>`), close: Buffer.from(`</${name}>`) };
}

/** Whether `wanted` is what stands at `at`. */
export function isAt(bytes: Buffer, at: number, wanted: Buffer): boolean {
  // A call of `compare` costs more than the few bytes of a tag.
  for (let index = 0; index < wanted.length; index += 1) {
    if (bytes[at + index] !== wanted[index]) return false;
  }
  return true;
}

/** What is in the bytes from `start` to before `end`. */
export function kindsIn(bytes: Buffer, start: number, end: number): number {
  let kinds = 0;
  for (let at = start; at < end; at += 1) kinds |= KINDS[bytes[at] ?? 0] ?? 0;
  return kinds;
}

/** Stands in the bytes of a document, and moves on behind what it has read. */
export class ListingBytes {
  readonly bytes: Buffer;
  at: number;
  /** The text of the element that was read last: where it is, and what is in it. */
  start = 0;
  end = 0;
  kinds = 0;

  constructor(bytes: Buffer, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  /** Moves behind `wanted`, if that is here. */
  skips(wanted: Buffer): boolean {
    if (!isAt(this.bytes, this.at, wanted)) return false;
    this.at += wanted.length;
    return true;
  }

  skipSpace(): void {
    for (let byte = this.bytes[this.at]; isSpace(byte); byte = this.bytes[this.at]) this.at += 1;
  }

  /** Reads an element that has nothing but text in it, if one with those tags is here. */
  reads({ open, close }: Tags): boolean {
    if (!this.skips(open)) return false;
    this.#readText();
    if (!this.skips(close)) throw new Unusual();
    return true;
  }

  /** Moves behind an element of any name that has nothing but text in it. */
  skipElement(): void {
    const nameAt = this.at + 1;
    let nameEnd = nameAt;
    while (isLetter(this.bytes[nameEnd])) nameEnd += 1;
    const isOpen = this.bytes[this.at] === LT && nameEnd > nameAt && this.bytes[nameEnd] === GT;
    if (!isOpen) throw new Unusual();
    this.at = nameEnd + 1;
    this.#readText();
    const name = this.bytes.subarray(nameAt, nameEnd + 1);
    const isClosed = this.bytes[this.at + 1] === SLASH && isAt(this.bytes, this.at + 2, name);
    if (!isClosed) throw new Unusual();
    this.at += 2 + name.length;
  }

  /** The text that was read last; it keeps nothing of the document alive. */
  text(): string {
    return this.bytes.toString('latin1', this.start, this.end);
  }

  #readText(): void {
    const { bytes } = this;
    let kinds = 0;
    let at = this.at;
    for (let byte = bytes[at]; byte !== LT; byte = bytes[at]) {
      if (byte === undefined) throw new Unusual();
      kinds |= KINDS[byte] ?? 0;
      at += 1;
    }
    this.start = this.at;
    this.end = at;
    this.kinds = kinds;
    this.at = at;
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function isLetter(byte: number | undefined): boolean {
  return byte !== undefined && ((byte | 0x20) - 0x61) >>> 0 < 26;
}
