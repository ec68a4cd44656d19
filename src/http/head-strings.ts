/** One field of an answer's head. */
export interface HeadField {
  /** Lower-case. */
  readonly name: string;
  /** Bytes above ASCII stand as the Latin-1 characters of those bytes. */
  readonly value: string;
}

interface Known extends HeadField {
  /** The name as it was sent. */
  sent: string;
  name: string;
  value: string;
}

/** Fields that are remembered; a head may have thousands. */
const MOST_FIELDS = 32;

/** What is longer is not compared byte by byte. */
const MOST_BYTES = 64;

/**
 * Makes strings of the heads of one connection. A server names the same fields in the same order
 * in each of its answers, and most values are those of the last one: comparing bytes to a string
 * that is there is several times cheaper than making it again.
 */
export class HeadStrings {
  readonly #known: Known[] = [];

  /** The field at `index` of a head; it holds until the next head is read. */
  field(index: number, name: Buffer, value: Buffer): HeadField {
    const known = this.#known[index];
    if (known === undefined) return this.#remember(index, name, value);
    if (!isText(name, known.sent)) {
      known.sent = name.toString('latin1');
      known.name = known.sent.toLowerCase();
    }
    if (!isText(value, known.value)) known.value = value.toString('latin1');
    return known;
  }

  #remember(index: number, name: Buffer, value: Buffer): HeadField {
    const sent = name.toString('latin1');
    const known = { sent, name: sent.toLowerCase(), value: value.toString('latin1') };
    if (index < MOST_FIELDS) this.#known[index] = known;
    return known;
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
