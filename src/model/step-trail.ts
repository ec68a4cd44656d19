import type { StepMark, WalkStep } from './walk.ts';

/** FNV-1a's offset basis and prime for 32 bits. */
const BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

/** Before the first step. */
export const NO_STEPS: StepMark = { count: 0, hash: BASIS };

/** A place that is walked again does not begin with the steps that were taken from it before. */
export class StepsDiffer extends Error {
  override readonly name = 'StepsDiffer';

  constructor() {
    super('it no longer begins with what was read of it before');
  }
}

/**
 * Follows the steps of one place, and passes over those that an earlier walk of it took already.
 */
export class StepTrail {
  readonly #before: StepMark;
  #count = 0;
  #hash = BASIS;

  constructor(before: StepMark = NO_STEPS) {
    this.#before = before;
  }

  /** Steps taken so far, those of the earlier walk included. */
  get mark(): StepMark {
    return this.#count < this.#before.count
      ? this.#before
      : { count: this.#count, hash: this.#hash };
  }

  /**
   * Takes the next steps.
   * @param mark of all steps so far, these included, where somebody has followed them already
   * @returns the new ones.
   * @throws StepsDiffer where the steps before them are not those that were taken before.
   */
  fresh(steps: readonly WalkStep[], mark?: StepMark): readonly WalkStep[] {
    // Where nothing was taken before there is nothing to compare, and one has read their names.
    if (this.#before.count === 0 && mark?.count === this.#count + steps.length) {
      this.#count = mark.count;
      this.#hash = mark.hash;
      return steps;
    }
    let old = 0;
    for (const step of steps) {
      if (!this.#takes(step)) old += 1;
    }
    // The old ones are the first of a place.
    return old === 0 ? steps : steps.slice(old);
  }

  /** @throws StepsDiffer where the place ended before it gave what was taken from it before. */
  finish(): void {
    if (this.#count < this.#before.count) throw new StepsDiffer();
  }

  /** Takes the next step, and says whether it is a new one. */
  #takes(step: WalkStep): boolean {
    const { count, hash } = this.#before;
    this.#hash = hashed(this.#hash, nameOf(step));
    this.#count += 1;
    if (this.#count > count) return true;
    if (this.#count === count && this.#hash !== hash) throw new StepsDiffer();
    return false;
  }
}

function nameOf(step: WalkStep): string {
  switch (step.kind) {
    case 'object':
      return step.originKey;
    case 'place':
      return step.place.at;
    case 'passed':
      return step.link;
  }
}

function hashed(hash: number, text: string): number {
  let next = hash;
  for (let index = 0; index < text.length; index += 1) {
    next = Math.imul(next ^ text.charCodeAt(index), PRIME);
  }
  // The end of each name counts too: `ab`, `c` is not `a`, `bc`.
  return Math.imul(next ^ 0xffff, PRIME);
}
