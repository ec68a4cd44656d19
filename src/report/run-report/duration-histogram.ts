/** Steps of each doubling: a duration is known to some four per cent. */
const STEPS = 16;
/** Up to 2^40 ms, some 35 years. */
const DOUBLINGS = 40;

/** Durations by their size, in a few kilobytes however many they are. */
export class DurationHistogram {
  readonly #counts = new Float64Array(STEPS * DOUBLINGS);
  #total = 0;

  add(ms: number): void {
    const step = Math.floor(Math.log2(Math.max(ms, 0) + 1) * STEPS);
    const at = Math.min(step, this.#counts.length - 1);
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#total += 1;
  }

  /**
   * The duration in milliseconds that a share of all does not exceed; undefined where there is none.
   * @param share in (0, 1]
   */
  quantile(share: number): number | undefined {
    if (this.#total === 0) return undefined;
    let left = Math.ceil(share * this.#total);
    const step = this.#counts.findIndex((count) => {
      left -= count;
      return left <= 0;
    });
    return Math.round(2 ** ((step + 1 / 2) / STEPS) - 1);
  }
}
