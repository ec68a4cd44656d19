import type { GaugeKey } from '../../model/gauge-store.ts';

/** Different keys with the last time of each; of too many, those that came first are dropped. */
export class LatestKeys {
  /** In the order of the last coming. */
  readonly #keys = new Map<string, GaugeKey>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  note(key: GaugeKey): void {
    const had = this.#keys.get(key.key);
    if (had !== undefined && had.timeMs > key.timeMs) return;
    this.#keys.delete(key.key);
    this.#keys.set(key.key, key);
    const [oldest] = this.#keys.keys();
    if (this.#keys.size > this.#most && oldest !== undefined) this.#keys.delete(oldest);
  }

  dropBefore(timeMs: number): void {
    for (const { key, timeMs: last } of this.#keys.values()) {
      if (last < timeMs) this.#keys.delete(key);
    }
  }

  list(): GaugeKey[] {
    return [...this.#keys.values()];
  }
}
