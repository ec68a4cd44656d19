import { Failure } from '../model/failure.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { PendingFill, PendingFills } from '../model/pending-fills.ts';
import { mayPass } from '../plan/may-pass.ts';

/** What became of a try: it is over, left to a later process, or failed. */
export type Made = 'over' | 'left' | Failure;

export type MakeFill = () => Promise<Made>;

/**
 * The fetches that clients are promised by being sent to the origin. Each is written down before its
 * first client is answered, so that it survives this process; who comes while it is under way is
 * promised the same one. One that failed with what may pass stays written down and waits for its
 * next try; any other failure gives it up. Both are told: no client is there to be told.
 */
export class PromisedFills {
  readonly #pending: PendingFills;
  readonly #onTrouble: (error: unknown) => void;
  /** Of those under way, by the object's id: settles when it is written down. */
  readonly #recorded = new Map<string, Promise<void>>();
  readonly #waiting = new Map<ObjectKey, PendingFill>();
  /** Those that failed before: once is enough to be told. */
  readonly #told = new Set<ObjectKey>();

  /** @param onTrouble told of what goes wrong behind a client's back */
  constructor(pending: PendingFills, onTrouble: (error: unknown) => void) {
    this.#pending = pending;
    this.#onTrouble = onTrouble;
  }

  /**
   * Begins the fetch, unless it is under way; it is written down when this resolves.
   * @throws FatalError `state-unusable`
   */
  async promise(id: string, fill: PendingFill, make: MakeFill): Promise<void> {
    let recorded = this.#recorded.get(id);
    if (recorded === undefined) {
      recorded = this.#record(id, fill, make);
      this.#recorded.set(id, recorded);
    }
    await recorded;
  }

  /** What processes that are gone had promised is this one's from now on, and waits. */
  async takeOver(): Promise<void> {
    for (const fill of await this.#pending.takeOver()) this.#waiting.set(fill.key, fill);
  }

  /** Those that wait for a try now. */
  waiting(): PendingFill[] {
    return [...this.#waiting.values()];
  }

  /** Tries one that waits, if it does so still. */
  async tryAgain(fill: PendingFill, make: MakeFill): Promise<void> {
    if (this.#waiting.has(fill.key)) await this.#settle(fill, await make());
  }

  async #record(id: string, fill: PendingFill, make: MakeFill): Promise<void> {
    try {
      await this.#pending.record(fill);
    } catch (error) {
      this.#recorded.delete(id);
      throw error;
    }
    this.#make(id, fill, make).catch(this.#onTrouble);
  }

  async #make(id: string, fill: PendingFill, make: MakeFill): Promise<void> {
    const made = await make();
    // In one step with `done`: a promise that comes later is written down behind it.
    this.#recorded.delete(id);
    await this.#settle(fill, made);
  }

  async #settle(fill: PendingFill, made: Made): Promise<void> {
    const { key } = fill;
    if (made === 'left') return;
    const stays = made !== 'over' && mayPass(made);
    if (made !== 'over') this.#tell(key, made, stays);
    if (stays) {
      this.#waiting.set(key, fill);
      return;
    }
    this.#waiting.delete(key);
    this.#told.delete(key);
    await this.#pending.done(key);
  }

  #tell(key: ObjectKey, { code, message }: Failure, stays: boolean): void {
    if (stays && this.#told.has(key)) return;
    this.#told.add(key);
    const next = stays ? 'it is tried again' : 'it is given up';
    const what = `${JSON.stringify(key)} was promised and not stored, ${next}: ${message}`;
    this.#onTrouble(new Failure(code, what));
  }
}
