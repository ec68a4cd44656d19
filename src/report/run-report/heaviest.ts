/** The few that weigh most of many that pass by; of equals, those that came first. */
export class Heaviest<T> {
  readonly #most: number;
  readonly #kept: { readonly weight: number; readonly item: T }[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** @param make is called only where the item is kept, for now */
  add(weight: number, make: () => T): void {
    const lightest = this.#kept.at(-1);
    const isFull = this.#kept.length >= this.#most;
    if (isFull && (lightest === undefined || weight <= lightest.weight)) return;
    const at = this.#kept.findIndex((kept) => kept.weight < weight);
    this.#kept.splice(at < 0 ? this.#kept.length : at, 0, { weight, item: make() });
    if (this.#kept.length > this.#most) this.#kept.pop();
  }

  /** The heaviest first. */
  get items(): readonly T[] {
    return this.#kept.map(({ item }) => item);
  }
}
