/** What an abort ends. */
export interface Abortable {
  abort(reason: unknown): void;
}

const nothing = (): void => undefined;

const lasting = new WeakSet<AbortSignal>();

/**
 * Says that a signal is there for many exchanges, one after the other, as that of a client's
 * connection: who watches it goes on listening in between, which is cheaper than to begin and end
 * with each of them. Not for a signal that follows others (`AbortSignal.any`, `timeout`): these are
 * kept in memory by whoever listens.
 */
export function markLasting(signal: AbortSignal): void {
  lasting.add(signal);
}

/**
 * Who is ended when a signal aborts. One signal stops a whole run, and a listener of its own for
 * each exchange costs more than most of what else an exchange does: here one listener stands for
 * everybody, as long as there is anybody.
 */
export class AbortWatch {
  readonly #ofSignal = new WeakMap<AbortSignal, Watched>();
  readonly #onSignal: (signal: AbortSignal) => void;

  /** @param onSignal told of each signal once */
  constructor(onSignal: (signal: AbortSignal) => void = nothing) {
    this.#onSignal = onSignal;
  }

  /** `one` is ended when the signal aborts, or at once where it has. */
  add(signal: AbortSignal, one: Abortable): void {
    let watched = this.#ofSignal.get(signal);
    if (watched === undefined) {
      watched = new Watched(signal);
      this.#ofSignal.set(signal, watched);
      this.#onSignal(signal);
    }
    watched.add(one);
    if (signal.aborted) one.abort(signal.reason);
  }

  /** `one` is over. */
  delete(signal: AbortSignal, one: Abortable): void {
    this.#ofSignal.get(signal)?.delete(one);
  }
}

class Watched {
  readonly #signal: AbortSignal;
  readonly #isLasting: boolean;
  #isListening = false;
  /** The first who came while nobody was there: mostly nobody else comes. */
  #only: Abortable | undefined;
  /** All others. */
  #others: Set<Abortable> | undefined;
  readonly #onAbort = (): void => {
    const others = [...(this.#others ?? [])];
    this.#only?.abort(this.#signal.reason);
    for (const one of others) one.abort(this.#signal.reason);
  };

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.#isLasting = lasting.has(signal);
  }

  add(one: Abortable): void {
    const isFirst = this.#isEmpty();
    if (!this.#isListening) this.#listen();
    if (isFirst) this.#only = one;
    else if (this.#only !== one) (this.#others ??= new Set()).add(one);
  }

  delete(one: Abortable): void {
    if (this.#only === one) this.#only = undefined;
    else if (this.#others?.delete(one) !== true) return;
    // A listener that stays would keep signals alive that were made for one request.
    if (!this.#isLasting && this.#isEmpty()) this.#listenNoMore();
  }

  #listen(): void {
    this.#isListening = true;
    this.#signal.addEventListener('abort', this.#onAbort);
  }

  #listenNoMore(): void {
    this.#isListening = false;
    this.#signal.removeEventListener('abort', this.#onAbort);
  }

  #isEmpty(): boolean {
    return this.#only === undefined && (this.#others === undefined || this.#others.size === 0);
  }
}
