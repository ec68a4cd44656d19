/** Hands one value on; resolves when it was taken. */
export type Put<T> = (value: T) => Promise<void>;

/**
 * The values that `produce` puts, for who rather pulls them. At most one lies ready at a time.
 * Whoever stops pulling aborts the signal that `produce` gets, and waits for it to end.
 * @throws what `produce` throws, after everything that it had put.
 */
export async function* pulled<T>(
  produce: (put: Put<T>, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): AsyncGenerator<T> {
  const leaving = new AbortController();
  // A scan does this for each page: AbortSignal.any takes several times as long.
  const stop = (): void => {
    leaving.abort(signal.reason);
  };
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  const slot = new Slot<T>();
  const producing = produce(async (value) => slot.put(value), leaving.signal).then(
    () => {
      slot.end();
    },
    (error: unknown) => {
      slot.end({ error });
    },
  );
  let isDone = false;
  try {
    for (;;) {
      const taken = await slot.take();
      if (taken === undefined) {
        isDone = true;
        return;
      }
      yield taken.value;
    }
  } finally {
    if (!isDone) {
      leaving.abort();
      slot.drop();
    }
    await producing;
    signal.removeEventListener('abort', stop);
  }
}

/** Room for one value between a producer and a consumer. */
class Slot<T> {
  #value: { readonly value: T } | undefined;
  #ending: { readonly error?: unknown } | undefined;
  #isDropped = false;
  #onPut: (() => void) | undefined;
  #onTaken: (() => void) | undefined;

  async put(value: T): Promise<void> {
    if (this.#isDropped) return;
    this.#value = { value };
    this.#onPut?.();
    await new Promise<void>((resolve) => {
      this.#onTaken = resolve;
    });
  }

  end(ending: { readonly error?: unknown } = {}): void {
    this.#ending = ending;
    this.#onPut?.();
  }

  /** Nobody takes any more. */
  drop(): void {
    this.#isDropped = true;
    this.#onTaken?.();
  }

  /** @returns undefined after the last value. @throws what the producer ended with. */
  async take(): Promise<{ readonly value: T } | undefined> {
    if (this.#value === undefined && this.#ending === undefined) {
      await new Promise<void>((resolve) => {
        this.#onPut = resolve;
      });
    }
    const taken = this.#value;
    this.#value = undefined;
    if (taken !== undefined) {
      this.#onTaken?.();
      return taken;
    }
    if (this.#ending !== undefined && 'error' in this.#ending) throw this.#ending.error;
    return undefined;
  }
}
