/** What the engine has done by one moment. */
export interface Sample {
  readonly nowMs: number;
  /** Entries settled so far. */
  readonly settled: number;
  /** Body bytes received so far. */
  readonly bytes: number;
  /** Entries wait for a worker, so that it is the level that bounds the speed. */
  readonly busy: boolean;
  /** This thread itself has had hardly any time left since the last look. */
  readonly saturated: boolean;
}

/** `auto` never goes below or above these. */
export const FEWEST_AT_ONCE = 4;
export const MOST_AT_ONCE = 256;
/** Where `auto` begins. */
export const START_AT_ONCE = 16;

/** An object costs about as much as so many bytes: what small and large ones are compared by. */
const OBJECT_COSTS_BYTES = 64 * 1024;

/** So many round trips, or so much time, make a measurement. */
const ROUNDS = 1.5;
const RAMP_MS = 240;
const TRY_MS = 1000;
const LONGEST_MS = 5000;

/** Twice as many at once must bring this much, else the knee has been passed. */
const RAMP_GAIN = 1.15;
/** A step must bring this much, also one down: fewer at once for nothing would be a slow decline. */
const STEP_GAIN = 1.05;
const STEP = 1.5;

/** Between two tries the level rests; after each that was in vain twice as long. */
const FIRST_REST_MS = 1000;
const LONGEST_REST_MS = 8000;

/** What was measured at a level counts for so long: origins change. */
const KNOWN_MS = 60_000;

/**
 * Finds how many objects are best worked on at once, by trying: hill climbing on the speed.
 *
 * The speed of a level is measured over some round trips, and some time. `ramp`: the level doubles
 * for as long as that brings something. `rest`: the level stays, and its speed meanwhile is the
 * measure for the next try. `try`: half as many again, or a third less, in turns, and kept if that
 * is faster; else the level goes back, and rests for longer. A step up that brings something begins
 * a new ramp. What seems to bring nothing is measured for twice as long before it is believed: other
 * work on the machine, or on the origin, makes any single moment slow. Measurements in which workers
 * had nothing to do, since entries came too slowly, count for nothing. While the thread itself has
 * no time left, more at once would bring nothing but memory and garbage: then it never goes up. Nor
 * does it go down where fewer, each as quick as when there were fewer, would bring nothing: where
 * it is distance that bounds the speed, each of these tries would cost a third of it.
 */
export class ConcurrencyTuner {
  #level = START_AT_ONCE;
  #phase: 'first' | 'ramp' | 'rest' | 'try' = 'first';
  #since: Sample | undefined;
  /** What this measurement takes; doubled where there is doubt. */
  #needs = { ms: RAMP_MS, rounds: ROUNDS };
  #doubted = false;
  /** The level to go back to, and its speed. */
  #base = { level: START_AT_ONCE, speed: 0 };
  #upwards = false;
  /** By level, how fast each of those at once was when it was measured last. */
  readonly #known = new Map<number, { readonly each: number; readonly atMs: number }>();
  /** In every look of this measurement. */
  #saturated = true;
  #restMs = FIRST_REST_MS;

  get level(): number {
    return this.#level;
  }

  /** Looks at the work, several times a second. @returns the level from now on. */
  sample(now: Sample): number {
    const since = this.#since;
    // A clock that was set back begins a new measurement.
    if (since === undefined || !now.busy || now.nowMs < since.nowMs) {
      this.#since = now.busy ? now : undefined;
      this.#saturated = true;
      return this.#level;
    }
    this.#saturated &&= now.saturated;
    const ms = now.nowMs - since.nowMs;
    const { ms: leastMs, rounds } = this.#needs;
    const isEnough = now.settled - since.settled >= rounds * this.#level && ms >= leastMs;
    if (!isEnough && ms < Math.max(leastMs, LONGEST_MS)) return this.#level;
    const measured = speed(since, now);
    // Where nothing moves at all, it is not for the level.
    if (measured === 0) this.#since = now;
    else this.#judge(measured, now);
    return this.#level;
  }

  #judge(measured: number, now: Sample): void {
    const wanted = this.#base.speed * this.#gain();
    if (measured < wanted && !this.#doubted) {
      this.#doubted = true;
      this.#needs = { ms: this.#needs.ms * 2, rounds: this.#needs.rounds * 2 };
      return;
    }
    this.#since = now;
    this.#known.set(this.#level, { each: measured / this.#level, atMs: now.nowMs });
    if (measured < wanted) this.#goBack();
    else this.#goOn(measured, now.nowMs);
    this.#saturated = true;
  }

  /** Whether so few could be faster than what was measured just now. */
  #mayPay(fewer: number, measured: number, nowMs: number): boolean {
    const each = Array.from(this.#known)
      .filter(([level, { atMs }]) => level < this.#level && nowMs - atMs < KNOWN_MS)
      .map(([, known]) => known.each);
    // Before fewer were tried nothing is known of them.
    return each.length === 0 || fewer * Math.max(...each) >= measured * STEP_GAIN;
  }

  /** How much faster than before a level has to be. */
  #gain(): number {
    switch (this.#phase) {
      case 'ramp':
        return RAMP_GAIN;
      case 'try':
        return STEP_GAIN;
      case 'first':
      case 'rest':
        return 0;
    }
  }

  #goBack(): void {
    // A ramp that seems to have ended may have met a bad moment: next it is upwards again.
    if (this.#phase === 'ramp') this.#upwards = false;
    this.#level = this.#base.level;
    this.#rest();
    this.#restMs = Math.min(LONGEST_REST_MS, this.#restMs * 2);
  }

  #goOn(measured: number, nowMs: number): void {
    const { level } = this;
    this.#base = { level, speed: measured };
    if (this.#phase === 'rest') {
      this.#upwards = !this.#upwards && !this.#saturated;
      if (this.#upwards) this.#move('try', level * STEP);
      else if (this.#mayPay(level / STEP, measured, nowMs)) this.#move('try', level / STEP);
      else this.#rest();
      return;
    }
    this.#restMs = FIRST_REST_MS;
    if (this.#saturated || (this.#phase === 'try' && !this.#upwards)) this.#rest();
    else this.#move('ramp', level * 2);
  }

  #rest(): void {
    this.#begin('rest', this.#restMs);
  }

  /** Goes to another level; where it lies at the border already, it rests. */
  #move(phase: 'ramp' | 'try', wanted: number): void {
    const level = Math.min(MOST_AT_ONCE, Math.max(FEWEST_AT_ONCE, Math.round(wanted)));
    if (level === this.#level) this.#rest();
    else this.#begin(phase, phase === 'ramp' ? RAMP_MS : TRY_MS);
    this.#level = level;
  }

  #begin(phase: 'ramp' | 'rest' | 'try', ms: number): void {
    this.#phase = phase;
    this.#needs = { ms, rounds: ROUNDS };
    this.#doubted = false;
  }
}

/** Objects and bytes a second, as one number. */
function speed(since: Sample, now: Sample): number {
  const seconds = Math.max(now.nowMs - since.nowMs, 1) / 1000;
  const objects = now.settled - since.settled;
  return (objects * OBJECT_COSTS_BYTES + (now.bytes - since.bytes)) / seconds;
}
