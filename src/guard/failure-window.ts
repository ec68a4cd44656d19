import type { Clock } from '../model/ports.ts';

/** When an address is taken for down. */
export interface FailureWindowSettings {
  /** Of the calls in the window, from 0 to 1; reached is enough. */
  readonly ratio: number;
  readonly minimumCalls: number;
  readonly windowMs: number;
}

interface Slice {
  readonly number: number;
  calls: number;
  failures: number;
}

/** The window moves in steps of this fraction, so that its size in memory doesn't depend on load. */
const SLICES = 30;

/** Counts calls and failures of the latest `windowMs`, to a thirtieth of the window. */
export class FailureWindow {
  readonly #settings: FailureWindowSettings;
  readonly #clock: Clock;
  readonly #sliceMs: number;
  #slices: Slice[] = [];

  constructor(settings: FailureWindowSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    this.#sliceMs = Math.max(1, settings.windowMs / SLICES);
  }

  success(): void {
    this.#current().calls += 1;
  }

  failure(): void {
    const slice = this.#current();
    slice.calls += 1;
    slice.failures += 1;
  }

  /** Whether enough of enough calls failed. */
  tripped(): boolean {
    const { calls, failures } = this.#sum();
    const { minimumCalls, ratio } = this.#settings;
    return failures > 0 && calls >= minimumCalls && failures >= ratio * calls;
  }

  /** `60 % of 40 calls failed` */
  describe(): string {
    const { calls, failures } = this.#sum();
    const percent = calls === 0 ? 0 : Math.round((failures / calls) * 100);
    return `${percent} % of ${calls} calls failed`;
  }

  clear(): void {
    this.#slices = [];
  }

  #current(): Slice {
    const number = this.#number();
    const last = this.#slices.at(-1);
    // What is too old is dropped when a slice is begun, and before anything is summed up.
    if (last?.number === number) return last;
    this.#prune(number);
    const slice = { number, calls: 0, failures: 0 };
    this.#slices.push(slice);
    return slice;
  }

  #sum(): { readonly calls: number; readonly failures: number } {
    this.#prune(this.#number());
    let [calls, failures] = [0, 0];
    for (const slice of this.#slices) {
      calls += slice.calls;
      failures += slice.failures;
    }
    return { calls, failures };
  }

  #number(): number {
    return Math.floor(this.#clock.now() / this.#sliceMs);
  }

  /** Drops what is too old, and what lies in the future because the clock was set back. */
  #prune(now: number): void {
    this.#slices = this.#slices.filter(({ number }) => number <= now && number > now - SLICES);
  }
}
