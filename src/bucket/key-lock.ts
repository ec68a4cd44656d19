/** One at a time for each key, in the order of the calls. Keeps nothing of keys at rest. */
export class KeyLock {
  readonly #tails = new Map<string, Promise<void>>();

  /** Runs `work` when all earlier work on the key has ended, however it did. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const result = before.then(work);
    const tail = result.then(
      () => undefined,
      () => undefined,
    );
    this.#tails.set(key, tail);
    try {
      return await result;
    } finally {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    }
  }
}
