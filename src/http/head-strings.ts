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
  readonly sent: LastText;
  readonly said: LastText;
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
    if (!known.sent.is(name)) {
      known.name = known.sent.become(name).toLowerCase();
      if (this.#judged > index) this.#judged = index;
    }
    if (index >= this.#judged) this.#judge(index, known);
    if (!known.said.is(value)) known.value = known.said.become(value);
    return known;
  }

  #remember(index: number, name: Buffer, value: Buffer): HeadField {
    const lower = name.toString('latin1').toLowerCase();
    const text = value.toString('latin1');
    if (index >= MOST_FIELDS) return { name: lower, value: text, isPlain: false };
    const [sent, said] = [new LastText(), new LastText()];
    sent.become(name);
    said.become(value);
    const known = { sent, said, name: lower, value: text, isPlain: false };
    this.#known[index] = known;
    return known;
  }

  #judge(index: number, known: Known): void {
    const { name } = known;
    known.isPlain = !SPECIAL.has(name);
    for (let at = 0; at < index; at += 1) if (this.#known[at]?.name === name) known.isPlain = false;
    this.#judged = index + 1;
  }
}

/** The bytes of the text that came last: these are compared faster than characters. */
class LastText {
  readonly #bytes = new Uint8Array(MOST_BYTES);
  #length = -1;

  is(bytes: Uint8Array): boolean {
    const own = this.#bytes;
    const { length } = bytes;
    if (length !== this.#length) return false;
    // From the end: lengths, dates and ETags that differ do so there.
    for (let at = length - 1; at >= 0; at -= 1) if (bytes[at] !== own[at]) return false;
    return true;
  }

  become(bytes: Buffer): string {
    const isKept = bytes.length <= MOST_BYTES;
    this.#length = isKept ? bytes.length : -1;
    if (isKept) this.#bytes.set(bytes);
    return bytes.toString('latin1');
  }
}
