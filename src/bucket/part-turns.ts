import type { Clock } from '../model/ports.ts';

/**
 * So many bytes may fill up, or wait to be hashed, before a further part has to wait: enough for
 * whoever hashes to have always work where origins are faster.
 */
const MOST_BYTES = 64 * 1024 * 1024;

/** Where nothing was hashed for so long it is not hashing that bounds the speed: one more goes on. */
const LOOK_MS = 250;

/** Ends a part's turn; a second call does nothing. */
export type EndTurn = () => void;

interface Waiter {
  readonly bytes: number;
  readonly begin: (end: EndTurn) => void;
}

/**
 * Lets parts begin to fill up, in turn, as fast as they can be hashed: origins may give bytes much
 * faster, and then all that would grow is what lies here unhashed. A turn lasts from before a part's
 * first byte until it is hashed, or given up. Where origins are slow, all parts may fill up at once,
 * some of them a little later.
 */
export class PartTurns {
  readonly #clock: Pick<Clock, 'sleep'>;
  readonly #waiting: Waiter[] = [];
  #bytes = 0;
  #isLooking = false;
  /** Turns that have ended. */
  #ended = 0;

  constructor(clock: Pick<Clock, 'sleep'>) {
    this.#clock = clock;
  }

  /** Waits for a turn, which has to be ended. It never fails, and does not wait for long. */
  begin(bytes: number): EndTurn | Promise<EndTurn> {
    if (this.#waiting.length === 0 && this.#fits(bytes)) return this.#turn(bytes);
    return new Promise((begin) => {
      this.#waiting.push({ bytes, begin });
      if (!this.#isLooking) this.#look().catch(() => undefined);
    });
  }

  #fits(bytes: number): boolean {
    return this.#bytes === 0 || this.#bytes + bytes <= MOST_BYTES;
  }

  #turn(bytes: number): EndTurn {
    this.#bytes += bytes;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#bytes -= bytes;
      this.#ended += 1;
      while (this.#waiting[0] !== undefined && this.#fits(this.#waiting[0].bytes)) this.#letIn();
    };
  }

  #letIn(): void {
    const next = this.#waiting.shift();
    next?.begin(this.#turn(next.bytes));
  }

  /** Looks after those who wait for as long as there are any. */
  async #look(): Promise<void> {
    this.#isLooking = true;
    // Nobody stops it, as whoever waits is to go on in any case.
    const { signal } = new AbortController();
    while (this.#waiting.length > 0) {
      const before = this.#ended;
      await this.#clock.sleep(LOOK_MS, signal);
      if (this.#ended === before) this.#letIn();
    }
    this.#isLooking = false;
  }
}
