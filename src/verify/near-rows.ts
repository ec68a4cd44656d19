import type { Bucket, ListedObject } from '../model/bucket.ts';
import { Failure } from '../model/failure.ts';
import { compareKeys, type ObjectKey } from '../model/object-key.ts';
import type { SortedStream } from '../plan/align-by-key.ts';
import type { ExpectedObject } from './expected-object.ts';
import type { Row } from './rows.ts';

/** A page that answers fewer keys than this is not worth its request. */
const FEWEST_KEYS_A_PAGE = 4;
/** After such a page so many keys are asked singly; each further one doubles that, to a limit. */
const FIRST_SINGLE_KEYS = 32;
const MOST_SINGLE_KEYS = 8192;

/**
 * The expected keys alone, in order, each with what the bucket's listing has of it. The listing is
 * read only near them and while that pays: a short list costs no listing of a large bucket. The
 * other keys are `unasked`, all of them where the bucket can't be listed.
 * @param note told why keys are asked singly where a listing failed
 */
export async function* nearRows(
  expected: SortedStream<ExpectedObject>,
  bucket: Bucket,
  note: (line: string) => void,
  signal: AbortSignal,
): AsyncGenerator<readonly Row[]> {
  const near = new NearListing(bucket, note, signal);
  try {
    for await (const batch of expected) {
      const rows: Row[] = [];
      for (const object of batch) {
        const { key } = object;
        rows.push({ key, expected: object, listed: await near.find(key) });
      }
      yield rows;
    }
  } finally {
    await near.close();
  }
}

/**
 * The bucket's listing, as far as keys that come in order are near to each other. It is closed, or
 * open behind some key; open, it has read up to the end of its page.
 */
class NearListing {
  readonly #bucket: Bucket;
  readonly #note: (line: string) => void;
  readonly #signal: AbortSignal;
  #pages: AsyncIterator<readonly ListedObject[]> | undefined;
  #page: readonly ListedObject[] | undefined;
  #at = 0;
  /** Keys that the page answered. */
  #answered = 0;
  #isEnded = false;
  /** Keys that are asked singly before the next listing. */
  #singly = 0;
  #nextSingly = FIRST_SINGLE_KEYS;

  constructor(bucket: Bucket, note: (line: string) => void, signal: AbortSignal) {
    this.#bucket = bucket;
    this.#note = note;
    this.#signal = signal;
  }

  async find(key: ObjectKey): Promise<Row['listed']> {
    if (this.#singly > 0) {
      this.#singly -= 1;
      return 'unasked';
    }
    if (this.#pages === undefined) {
      // A listing begins behind a key, so it does not tell of this one.
      this.#open(key);
      return 'unasked';
    }
    try {
      while (!this.#covers(key)) {
        if (this.#page !== undefined && this.#answered < FEWEST_KEYS_A_PAGE) {
          await this.#giveUp();
          return 'unasked';
        }
        await this.#turn();
      }
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#note(`${error.message}: its keys are asked one by one`);
      this.#singly = Infinity;
      return 'unasked';
    }
    this.#answered += 1;
    return this.#look(key);
  }

  async close(): Promise<void> {
    await this.#pages?.return?.();
    this.#pages = undefined;
  }

  #open(after: ObjectKey): void {
    const pages = this.#bucket.list({ prefix: '', after }, this.#signal);
    this.#pages = pages[Symbol.asyncIterator]();
    this.#page = undefined;
    this.#at = 0;
    this.#answered = 0;
    this.#isEnded = false;
  }

  #covers(key: ObjectKey): boolean {
    if (this.#isEnded) return true;
    const last = this.#page?.at(-1);
    return last !== undefined && compareKeys(key, last.key) <= 0;
  }

  async #turn(): Promise<void> {
    const next = await this.#pages?.next();
    if (this.#answered >= FEWEST_KEYS_A_PAGE) this.#nextSingly = FIRST_SINGLE_KEYS;
    this.#at = 0;
    this.#answered = 0;
    this.#isEnded = next === undefined || next.done === true;
    this.#page = next === undefined || next.done === true ? [] : next.value;
  }

  async #giveUp(): Promise<void> {
    this.#singly = this.#nextSingly;
    this.#nextSingly = Math.min(this.#nextSingly * 2, MOST_SINGLE_KEYS);
    await this.close();
  }

  #look(key: ObjectKey): ListedObject | undefined {
    const page = this.#page ?? [];
    let object = page[this.#at];
    while (object !== undefined && compareKeys(object.key, key) < 0) {
      this.#at += 1;
      object = page[this.#at];
    }
    return object?.key === key ? object : undefined;
  }
}
