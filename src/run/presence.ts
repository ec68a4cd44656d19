import type { Bucket, StoredObject } from '../model/bucket.ts';
import type { Entry } from '../model/entry.ts';
import { Failure } from '../model/failure.ts';
import { compareKeys, type ObjectKey } from '../model/object-key.ts';
import type { Clock } from '../model/ports.ts';
import { choosePresence, type PresenceWay } from '../plan/choose-presence.ts';
import { MovingAverage } from './moving-average.ts';
import { type ListedKeys, type ListingSettings, RunningListing } from './running-listing.ts';

/** What is known of a key before it is copied. */
export type Presence =
  | { readonly state: 'absent' }
  /** `object` with its metadata where the bucket was asked for this key alone. */
  | { readonly state: 'present'; readonly object: StoredObject | undefined }
  /** The write will tell. */
  | { readonly state: 'unknown' };

const ABSENT: Presence = { state: 'absent' };
const LISTED: Presence = { state: 'present', object: undefined };
const UNKNOWN: Presence = { state: 'unknown' };

/** Answers for the keys of one batch. */
export interface BatchPresence {
  /** Undefined where the bucket has to be asked for this key. */
  known(key: ObjectKey): Presence | undefined;
  ask(key: ObjectKey, signal: AbortSignal): Promise<Presence>;
}

/** Of runs that overwrite whatever is there. */
export const ASKED_NOTHING: BatchPresence = knowing(() => ABSENT);

/** Where every answer is known. */
export function knowing(known: (key: ObjectKey) => Presence): BatchPresence {
  return { known, ask: (key) => Promise.resolve(known(key)) };
}

/** Takes what was measured on the way of an entry; it decides how presence is found. */
export interface MeasuredPresence {
  /** What fetching and storing one object took, in milliseconds. */
  copied(ms: number): void;
  /** What became of a key whose state was unknown until it was written. */
  wrote(wasTaken: boolean): void;
}

export interface PresenceSettings {
  readonly bucket: Bucket;
  /** What all keys begin with that are asked about; absent: nothing. */
  readonly prefix?: string | undefined;
  /** A HEAD is a look into a directory: nothing could be cheaper. */
  readonly headIsCheap: boolean;
  /** Whether a conditional write is sure to lose against an object that is there. */
  readonly exclusiveCreate: () => boolean;
  readonly clock: Clock;
  /** Told when the way changes, with what was measured. */
  readonly note: (line: string) => void;
  /** Told when a listing fails. */
  readonly warn: (line: string) => void;
}

/** A failed listing is not tried again for so many batches; each further one doubles that. */
const FIRST_PAUSE_BATCHES = 16;
/** So many HEADs tell what share of the keys is there. */
const SHARE_SAMPLES = 64;

/**
 * Finds out what the bucket has, batch by batch, in the way that measures cheapest. Batches whose
 * keys come in order are held against the bucket's listing of just that range.
 */
export class PresenceFinder implements MeasuredPresence {
  readonly #settings: PresenceSettings;
  readonly #headMs = new MovingAverage();
  readonly #pageMs = new MovingAverage();
  readonly #keysAPage = new MovingAverage();
  readonly #copyMs = new MovingAverage();
  readonly #taken = new MovingAverage();
  #way: PresenceWay | undefined;
  /** Batches that are not listed any more, and how many the next failed listing adds. */
  #skipListings = 0;
  #nextPause = FIRST_PAUSE_BATCHES;
  readonly #listingSettings: ListingSettings;
  /** The one that the last batch was held against. */
  #listing: RunningListing | undefined;

  constructor(settings: PresenceSettings) {
    this.#settings = settings;
    this.#listingSettings = {
      bucket: settings.bucket,
      prefix: settings.prefix ?? '',
      clock: settings.clock,
      onPage: (ms) => {
        this.#pageMs.add(ms);
      },
      onUsed: (keys) => {
        this.#keysAPage.add(keys);
      },
    };
  }

  /** Leaves the listing; whatever is asked later begins another. */
  async close(): Promise<void> {
    const listing = this.#listing;
    this.#listing = undefined;
    await listing?.close();
  }

  copied(ms: number): void {
    this.#copyMs.add(ms);
  }

  /** What asking the bucket for one key took, in milliseconds, and said. */
  asked(ms: number, isThere: boolean): void {
    this.#headMs.add(ms);
    this.#taken.add(isThere ? 1 : 0);
  }

  wrote(wasTaken: boolean): void {
    this.#taken.add(wasTaken ? 1 : 0);
  }

  /**
   * Prepares the answers for a batch of entries; a listing is read here, everything else is asked
   * key by key later.
   */
  async survey(entries: readonly Entry[], signal: AbortSignal): Promise<BatchPresence> {
    const keys: ObjectKey[] = [];
    for (const entry of entries) if ('key' in entry) keys.push(entry.key);
    const way = this.#choose(keys);
    if (this.#skipListings > 0) this.#skipListings -= 1;
    if (way === 'list') return this.#tryList(keys, signal);
    await this.close();
    return way === 'write' ? knowing(() => UNKNOWN) : this.#asking();
  }

  #choose(keys: readonly ObjectKey[]): PresenceWay {
    if (this.#settings.headIsCheap) return 'head';
    const costs = {
      ordered: this.#skipListings === 0 && keys.length > 1 && isOrdered(keys),
      exclusiveCreate: this.#settings.exclusiveCreate(),
      headMs: this.#headMs.value,
      pageMs: this.#pageMs.value,
      keysAPage: this.#keysAPage.value,
      takenShare: this.#taken.count < SHARE_SAMPLES ? undefined : this.#taken.value,
      copyMs: this.#copyMs.value,
    };
    const way = choosePresence(costs);
    if (way !== this.#way) {
      const measured = Object.entries(costs)
        .map(
          ([name, value]) =>
            `${name} ${typeof value === 'number' ? value.toFixed(2) : String(value)}`,
        )
        .join(', ');
      this.#settings.note(`presence of keys: by ${way} (${measured})`);
    }
    this.#way = way;
    return way;
  }

  /** A listing that fails takes nothing with it: the batch's keys are asked one by one. */
  async #tryList(keys: readonly ObjectKey[], signal: AbortSignal): Promise<BatchPresence> {
    try {
      return this.#listed(await this.#list(keys, signal));
    } catch (error) {
      await this.close();
      if (!(error instanceof Failure)) throw error;
      this.#skipListings = error.code === 'BUCKET_REFUSED' ? Infinity : this.#nextPause;
      this.#nextPause *= 2;
      this.#settings.warn(`presence of keys: the listing failed (${error.message}), so by head`);
      return this.#asking();
    }
  }

  #asking(): BatchPresence {
    return { known: () => undefined, ask: (key, signal) => this.#head(key, signal) };
  }

  async #head(key: ObjectKey, signal: AbortSignal): Promise<Presence> {
    const { bucket, clock } = this.#settings;
    const startedMs = clock.now();
    const object = await bucket.head(key, signal);
    this.asked(clock.now() - startedMs, object !== undefined);
    return stateOf(object);
  }

  #listed({ absent, unlisted, coveredTo }: ListedKeys): BatchPresence {
    return {
      known: (key) => {
        const isCovered = coveredTo === undefined || compareKeys(key, coveredTo) <= 0;
        if (!isCovered || unlisted === key) return undefined;
        return absent.has(key) ? ABSENT : LISTED;
      },
      ask: (key, signal) => this.#head(key, signal),
    };
  }

  /** Lists what comes behind the first key, page by page while that pays, up to the last key. */
  async #list(keys: readonly ObjectKey[], signal: AbortSignal): Promise<ListedKeys> {
    const [first] = keys;
    if (first === undefined) throw new Error('a listing was asked for no key');
    if (this.#listing?.isFor(first) !== true) {
      await this.close();
      this.#listing = new RunningListing(this.#listingSettings, first, signal);
    }
    const listed = await this.#listing.answer(keys);
    if (listed.coveredTo !== undefined) await this.close();
    return listed;
  }
}

function isOrdered(keys: readonly ObjectKey[]): boolean {
  return keys.every((key, index) => index === 0 || compareKeys(keys[index - 1] ?? '', key) <= 0);
}

/** Asks the bucket for each key as it comes: what it has by then. */
export function askingOf(bucket: Bucket): BatchPresence {
  return {
    known: () => undefined,
    ask: async (key, signal) => stateOf(await bucket.head(key, signal)),
  };
}

/** What an answer of the bucket for one key says. */
export function stateOf(object: StoredObject | undefined): Presence {
  return object === undefined ? ABSENT : { state: 'present', object };
}
