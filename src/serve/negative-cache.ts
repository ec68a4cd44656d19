/** Room for this many keys; the oldest goes first. */
const MOST_KEYS = 100_000;

/**
 * Objects that every origin said it lacks, remembered for a while so that they are not asked again
 * each time. Nothing else is remembered: no other status, and no failure.
 */
export class NegativeCache {
  /** By object, in the order of coming: until when, in milliseconds since the epoch. */
  readonly #until = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  get size(): number {
    return this.#until.size;
  }

  /** @param ttlMs 0 remembers nothing */
  remember(id: string, ttlMs: number): void {
    if (ttlMs === 0) return;
    this.#until.delete(id);
    this.#until.set(id, this.#now() + ttlMs);
    const [oldest] = this.#until.keys();
    if (this.#until.size > MOST_KEYS && oldest !== undefined) this.#until.delete(oldest);
  }

  has(id: string): boolean {
    const until = this.#until.get(id);
    if (until === undefined) return false;
    if (until > this.#now()) return true;
    this.#until.delete(id);
    return false;
  }

  /** The object is there now. */
  forget(id: string): void {
    this.#until.delete(id);
  }

  /**
   * Forgets the objects whose ids begin so.
   * @returns how many
   */
  flush(prefix: string): number {
    let flushed = 0;
    for (const id of this.#until.keys()) {
      if (!id.startsWith(prefix)) continue;
      this.#until.delete(id);
      flushed += 1;
    }
    return flushed;
  }
}
