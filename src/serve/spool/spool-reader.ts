/**
 * One who reads a spool. It is stopped, by its signal or because the body is void; whatever it
 * waits for then, it waits no longer. The first reason counts.
 */
export class SpoolReader {
  readonly #signal: AbortSignal;
  readonly #onAbort = (): void => {
    this.stop(this.#signal.reason);
  };
  #stopped: { readonly error: unknown } | undefined;
  #wake: () => void = () => undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  stop(error: unknown): void {
    this.#stopped ??= { error };
    this.#wake();
  }

  throwIfStopped(): void {
    if (this.#stopped !== undefined) throw this.#stopped.error;
  }

  /** Waits for `promise`. @throws what it throws, or the reason as soon as the reader is stopped. */
  async wait(promise: Promise<void>): Promise<void> {
    // No race: each would leave something behind in a promise that lives as long as the reader.
    await new Promise<void>((resolve, reject) => {
      this.#wake = resolve;
      promise.then(resolve, reject);
      if (this.#stopped !== undefined) resolve();
    });
    this.throwIfStopped();
  }

  /** Nobody reads any more. */
  end(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
  }
}
