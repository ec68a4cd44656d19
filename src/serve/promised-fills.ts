import type { ObjectKey } from '../model/object-key.ts';
import type { PendingFill, PendingFills } from '../model/pending-fills.ts';

/** Makes a promised fetch. @returns false where it was ended and is still to be made */
export type MakeFill = () => Promise<boolean>;

/**
 * The fetches that clients are promised by being sent to the origin. Each is written down before its
 * first client is answered, so that it survives this process; who comes while it is under way is
 * promised the same one.
 */
export class PromisedFills {
  readonly #pending: PendingFills;
  readonly #onTrouble: (error: unknown) => void;
  /** Of those under way, by the object's id: settles when it is written down. */
  readonly #recorded = new Map<string, Promise<void>>();

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

  /** What processes that are gone had promised; this one's to make from now on. */
  async takeOver(): Promise<readonly PendingFill[]> {
    return this.#pending.takeOver();
  }

  /** Makes one that was taken over. */
  async makeTakenOver({ key }: PendingFill, make: MakeFill): Promise<void> {
    if (await make()) await this.#pending.done(key);
  }

  async #record(id: string, fill: PendingFill, make: MakeFill): Promise<void> {
    try {
      await this.#pending.record(fill);
    } catch (error) {
      this.#recorded.delete(id);
      throw error;
    }
    this.#make(id, fill.key, make).catch(this.#onTrouble);
  }

  async #make(id: string, key: ObjectKey, make: MakeFill): Promise<void> {
    const isOver = await make();
    // In one step with `done`: a promise that comes later is written down behind it.
    this.#recorded.delete(id);
    if (isOver) await this.#pending.done(key);
  }
}
