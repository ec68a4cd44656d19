/** Results that wait for an earlier one are so many times as many as what is worked on. */
const WAITING_PER_JOB = 16;

interface Slot<R> {
  result: { readonly value: R } | undefined;
}

/**
 * Works on several things at once and gives their results in the order in which they were put in.
 * What is worked on, and what is done and waits for an earlier one, is bounded: who puts in waits.
 */
export class InOrder<R> {
  readonly #atOnce: number;
  readonly #give: (result: R) => void;
  readonly #slots: Slot<R>[] = [];
  #running = 0;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(atOnce: number, give: (result: R) => void) {
    this.#atOnce = atOnce;
    this.#give = give;
  }

  get inFlight(): number {
    return this.#running;
  }

  /** A result that is there already. */
  put(value: R): void {
    if (this.#slots.length === 0) this.#give(value);
    else this.#slots.push({ result: { value } });
  }

  /** Starts a job; whoever puts in waits for {@link InOrder.room} before. */
  start(job: () => Promise<R>): void {
    const slot: Slot<R> = { result: undefined };
    this.#slots.push(slot);
    this.#running += 1;
    job()
      .then((value) => {
        slot.result = { value };
        this.#giveReady();
      })
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#running -= 1;
        this.#wake?.();
      })
      // Nothing above throws; what a job throws is told by `room` and `end`.
      .catch(() => undefined);
  }

  /**
   * Resolves when another job can be started; undefined where it can at once.
   * @throws what a job threw.
   */
  room(): Promise<void> | undefined {
    if (this.#hasRoom() && this.#failure === undefined) return undefined;
    return this.#until(() => this.#hasRoom());
  }

  /** Resolves when every result was given. @throws what a job threw, when no other is at work. */
  async end(): Promise<void> {
    while (this.#running > 0) await this.#change();
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #hasRoom(): boolean {
    return this.#running < this.#atOnce && this.#slots.length < this.#atOnce * WAITING_PER_JOB;
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo() && this.#failure === undefined) await this.#change();
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #change(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  #giveReady(): void {
    for (let first = this.#slots[0]; first?.result !== undefined; first = this.#slots[0]) {
      this.#slots.shift();
      this.#give(first.result.value);
    }
  }
}
