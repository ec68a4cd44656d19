/** How much one new value weighs once there are enough. */
const WEIGHT = 0.05;

/** An average that forgets: the first values count fully, later ones push older ones out. */
export class MovingAverage {
  #value: number | undefined;
  #count = 0;

  add(value: number): void {
    this.#count += 1;
    const weight = Math.max(WEIGHT, 1 / this.#count);
    this.#value = this.#value === undefined ? value : this.#value + weight * (value - this.#value);
  }

  /** Undefined before the first value. */
  get value(): number | undefined {
    return this.#value;
  }

  get count(): number {
    return this.#count;
  }
}
