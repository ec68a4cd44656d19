/** One field of an answer's head. */
export interface HeadField {
  /** Lower-case. */
  readonly name: string;
  /** Bytes above ASCII stand as the Latin-1 characters of those bytes. */
  readonly value: string;
  /** Nothing is to be looked at: no field before it has that name, and the name means no harm. */
  readonly isPlain: boolean;
}

interface Known extends HeadField {
  /** The name as it was sent. */
  sent: string;
  name: string;
  value: string;
  isPlain: boolean;
}

/** Fields that are remembered; a head may have thousands. */
const MOST_FIELDS = 32;

/** A cookie can't be joined to others, and the other would be taken for an object's prototype. */
const SPECIAL: ReadonlySet<string> = new Set(['set-cookie', '__proto__']);

/** What is longer is not compared byte by byte. */
const MOST_BYTES = 64;

/**
 * Makes strings of the heads of one connection. A server names the same fields in the same order
 * in each of its answers, and most values are those of the last one: comparing bytes to a string
 * that is there is several times cheaper than making it again.
 */
export class HeadStrings {
  readonly #known: Known[] = [];
  /** Of so many fields it is known whether they are plain, since those before them stay the same. */
  #judged = 0;

  /** The field at `index` of a head; it holds until the next head is read. */
  field(index: number, name: Buffer, value: Buffer): HeadField {
    const known = this.#known[index];
    if (known === undefined) return this.#remember(index, name, value);
    if (!isText(name, known.sent)) {
      known.sent = name.toString('latin1');
      known.name = known.sent.toLowerCase();
      if (this.#judged > index) this.#judged = index;
    }
    if (index >= this.#judged) this.#judge(index, known);
    if (!isText(value, known.value)) known.value = value.toString('latin1');
    return known;
  }

  #remember(index: number, name: Buffer, value: Buffer): HeadField {
    const sent = name.toString('latin1');
    const lower = sent.toLowerCase();
    const known = { sent, name: lower, value: value.toString('latin1'), isPlain: false };
    if (index < MOST_FIELDS) this.#known[index] = known;
    return known;
  }

  #judge(index: number, known: Known): void {
    const { name } = known;
    known.isPlain = !SPECIAL.has(name);
    for (let at = 0; at < index; at += 1) if (this.#known[at]?.name === name) known.isPlain = false;
    this.#judged = index + 1;
  }
}

function isText(bytes: Uint8Array, text: string): boolean {
  const { length } = bytes;
  if (length !== text.length || length > MOST_BYTES) return false;
  // From the end: lengths, dates and ETags that differ do so there.
  for (let at = length - 1; at >= 0; at -= 1) {
    if (bytes[at] !== text.charCodeAt(at)) return false;
  }
  return true;
}
