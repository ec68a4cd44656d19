import type { ClaimHolder, Claims } from '../model/claims.ts';
import type { KeyEntry } from '../model/entry.ts';
import { Interrupted } from '../model/failure.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { Clock } from '../model/ports.ts';
import type { StoreSettings } from '../model/rule.ts';
import { OthersClaims } from '../transfer/others-claims.ts';
import { OwnClaims } from '../transfer/own-claims.ts';

export interface SharedKeysSettings {
  readonly claims: Claims;
  /** Names this run to others. */
  readonly owner: string;
  /** One that nobody sets. */
  readonly clock: Clock;
  readonly drain: AbortSignal;
  /** Takes a line for people. */
  readonly note: (line: string) => void;
}

/** Large keys that this run shares with other processes on its bucket, each fetched by one of them. */
export class SharedKeys {
  /** For transfers. */
  readonly own: OwnClaims;
  readonly #settings: SharedKeysSettings;
  readonly #others: OthersClaims;
  /** For whom entries wait now, and how many. */
  readonly #waits = new Map<string, number>();
  readonly #told = new Set<string>();

  constructor(settings: SharedKeysSettings) {
    this.#settings = settings;
    this.own = new OwnClaims(settings.claims, settings.owner);
    this.#others = new OthersClaims(settings.claims, settings.clock);
  }

  /** For whom entries wait now. */
  waitingFor(): readonly string[] {
    return [...this.#waits.keys()];
  }

  /**
   * Who else is at work on an entry that may be large; a moment ago, where its size is not known.
   * @throws FatalError `state-unusable`.
   */
  holderOf(
    { key, size }: KeyEntry,
    store: StoreSettings,
  ): ClaimHolder | undefined | Promise<ClaimHolder | undefined> {
    if (size === undefined) return this.#others.holderOf(key);
    return size < store.multipart.thresholdBytes ? undefined : this.#settings.claims.held(key);
  }

  /**
   * Resolves when nobody else is at work on the key any more.
   * @throws Interrupted where the run is stopping, the signal's reason, FatalError `state-unusable`.
   */
  async ended(key: ObjectKey, { owner }: ClaimHolder, signal: AbortSignal): Promise<void> {
    const { drain, note } = this.#settings;
    if (!this.#told.has(owner)) {
      this.#told.add(owner);
      note(`${JSON.stringify(key)} is being fetched by ${owner}: it waits for that, others go on`);
    }
    this.#count(owner, 1);
    try {
      await this.#others.ended(key, AbortSignal.any([signal, drain]));
    } catch (error) {
      signal.throwIfAborted();
      throw drain.aborted ? new Interrupted(drain.reason) : error;
    } finally {
      this.#count(owner, -1);
    }
  }

  #count(owner: string, change: number): void {
    const waits = (this.#waits.get(owner) ?? 0) + change;
    if (waits === 0) this.#waits.delete(owner);
    else this.#waits.set(owner, waits);
  }
}
