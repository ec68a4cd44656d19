/** The requests that came up to a moment that somebody asked about. */
export class Wave {
  #underWay = 0;
  #onEmpty: (() => void) | undefined;

  begin(): void {
    this.#underWay += 1;
  }

  /** One of those that began has ended. */
  end(): void {
    this.#underWay -= 1;
    if (this.#underWay === 0) this.#onEmpty?.();
  }

  /** Resolves when all that began have ended; no other may begin from then on. */
  ended(): Promise<void> {
    if (this.#underWay === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
    });
  }
}

/**
 * Counts the requests that are being answered. Whoever waits for those of a moment closes their wave,
 * and the next request begins another: so a request costs two additions, and no place in a set.
 */
export class UnderWay {
  #wave = new Wave();
  #before: Promise<unknown> = Promise.resolve();

  /** One more request; it is to be ended where it began. */
  begin(): Wave {
    this.#wave.begin();
    return this.#wave;
  }

  /** Resolves when the requests that are under way now have ended. */
  async now(): Promise<void> {
    const ended = Promise.all([this.#before, this.#wave.ended()]);
    this.#before = ended;
    this.#wave = new Wave();
    await ended;
  }
}
