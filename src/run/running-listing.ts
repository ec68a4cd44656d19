import type { Bucket, ListedObject } from '../model/bucket.ts';
import { compareKeys, type ObjectKey } from '../model/object-key.ts';
import type { Clock } from '../model/ports.ts';

/** A page that answers fewer keys than this is not worth its request: the rest is asked singly. */
const FEWEST_KEYS_A_PAGE = 4;

/** A batch is not answered from a page that was asked for longer ago. */
const MOST_AGE_MS = 5000;

export interface ListingSettings {
  readonly bucket: Bucket;
  /** What all keys begin with that are asked about. */
  readonly prefix: string;
  readonly clock: Clock;
  /** Told how long a page was waited for. */
  readonly onPage: (ms: number) => void;
  /** Told how many keys a page has answered, when there is no more to ask of it. */
  readonly onUsed: (keys: number) => void;
}

/** What a listing says of the keys of a batch. */
export interface ListedKeys {
  /** Those that the bucket does not have. */
  readonly absent: ReadonlySet<string>;
  /** The listing began behind this key, so it says nothing of it. */
  readonly unlisted: ObjectKey | undefined;
  /** Keys behind it were not covered; undefined where all were. */
  readonly coveredTo: string | undefined;
}

/**
 * A listing of the bucket beside batches of keys that come in order. It is read page by page, as far
 * as the keys of a batch need it, and goes on from there with the next batch: what the last page
 * holds beyond one batch is for the next.
 */
export class RunningListing {
  readonly #settings: ListingSettings;
  readonly #first: ObjectKey;
  readonly #pages: AsyncIterator<readonly ListedObject[]>;
  #page: readonly ListedObject[] = [];
  /** The first object of the page that may be one of the keys to come. */
  #at = 0;
  /** The last key that was asked about, and the last one that is covered; undefined: all are. */
  #asked: string;
  #coveredTo: string | undefined;
  /** When the page was asked for at the earliest, and when the next one was. */
  #pageMs: number;
  #nextMs: number;
  #answered: number | undefined;

  /** @param signal ends the listing; that of any later batch must be the same, or follow it. */
  constructor(settings: ListingSettings, first: ObjectKey, signal: AbortSignal) {
    const { bucket, prefix, clock } = settings;
    this.#settings = settings;
    this.#first = first;
    this.#pages = bucket.list({ prefix, after: first }, signal)[Symbol.asyncIterator]();
    this.#asked = first;
    this.#coveredTo = first;
    this.#pageMs = clock.now();
    this.#nextMs = this.#pageMs;
  }

  /** Whether a batch that begins with this key is the next one, and what is at hand is of use. */
  isFor(first: ObjectKey): boolean {
    const ageMs = this.#settings.clock.now() - this.#pageMs;
    // The wall clock may have been set back.
    const isFresh = ageMs >= 0 && ageMs <= MOST_AGE_MS;
    return isFresh && compareKeys(first, this.#asked) > 0 && this.#covers(first);
  }

  /**
   * Answers a batch whose keys are in order: one that begins with the listing's first key, or
   * one that it is for.
   * @throws as `Bucket.list`; nothing more can be asked of it then, as where keys were not covered.
   */
  async answer(keys: readonly ObjectKey[]): Promise<ListedKeys> {
    const absent = new Set<string>();
    const unlisted = keys[0] === this.#first ? this.#first : undefined;
    let at = unlisted === undefined ? this.#merge(keys, 0, absent) : 1;
    while (at < keys.length) {
      await this.#readPage();
      const from = at;
      at = this.#merge(keys, from, absent);
      if (at < keys.length && at - from < FEWEST_KEYS_A_PAGE) break;
    }
    this.#asked = keys.at(-1) ?? this.#asked;
    return { absent, unlisted, coveredTo: at < keys.length ? this.#coveredTo : undefined };
  }

  /** Leaves it where it is. */
  async close(): Promise<void> {
    this.#noteUsed();
    await this.#pages.return?.();
  }

  #covers(key: string): boolean {
    return this.#coveredTo === undefined || compareKeys(key, this.#coveredTo) <= 0;
  }

  async #readPage(): Promise<void> {
    const { clock, onPage } = this.#settings;
    this.#noteUsed();
    const startedMs = clock.now();
    const next = await this.#pages.next();
    const now = clock.now();
    onPage(now - startedMs);
    this.#page = next.done === true ? [] : next.value;
    this.#at = 0;
    // The listing ended: nothing comes behind its last object, so the rest is absent.
    this.#coveredTo = next.done === true ? undefined : (this.#page.at(-1)?.key ?? this.#coveredTo);
    this.#answered = 0;
    // The one behind it may be asked for from now on.
    this.#pageMs = this.#nextMs;
    this.#nextMs = now;
  }

  #noteUsed(): void {
    if (this.#answered !== undefined) this.#settings.onUsed(this.#answered);
    this.#answered = undefined;
  }

  /** Holds the keys from `from` on against the page. @returns the first one that is not covered. */
  #merge(keys: readonly ObjectKey[], from: number, absent: Set<string>): number {
    let at = from;
    for (; at < keys.length; at += 1) {
      const key = keys[at] ?? '';
      if (this.#isOnPage(key)) continue;
      if (this.#at === this.#page.length && this.#coveredTo !== undefined) break;
      absent.add(key);
    }
    this.#answered = (this.#answered ?? 0) + at - from;
    return at;
  }

  /** Moves on to the first object of the page that is not in front of the key. */
  #isOnPage(key: string): boolean {
    for (; this.#at < this.#page.length; this.#at += 1) {
      const listed = this.#page[this.#at]?.key ?? '';
      if (key === listed) return true;
      if (compareKeys(key, listed) < 0) return false;
    }
    return false;
  }
}
