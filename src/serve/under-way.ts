/** The requests that came in a row, up to a moment that somebody asked about. */
export class Row {
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
 * Counts the requests that are being answered. Whoever waits for those of a moment closes their row,
 * and the next request begins another: so a request costs two additions, and no place in a set.
 */
export class UnderWay {
  #row = new Row();
  #before: Promise<unknown> = Promise.resolve();

  /** One more request; it is to be ended where it began. */
  begin(): Row {
    this.#row.begin();
    return this.#row;
  }

  /** Resolves when the requests that are under way now have ended. */
  async now(): Promise<void> {
    const ended = Promise.all([this.#before, this.#row.ended()]);
    this.#before = ended;
    this.#row = new Row();
    await ended;
  }
}
