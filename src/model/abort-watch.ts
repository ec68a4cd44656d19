import { type Placed, Row } from './row.ts';

/** What an abort ends. */
export interface Abortable extends Placed {
  abort(reason: unknown): void;
}

const nothing = (): void => undefined;

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
  readonly #here = new Row<Abortable>();
  readonly #onAbort = (): void => {
    for (const one of this.#here.values()) one.abort(this.#signal.reason);
  };

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  add(one: Abortable): void {
    if (this.#here.size === 0) this.#signal.addEventListener('abort', this.#onAbort);
    this.#here.add(one);
  }

  delete(one: Abortable): void {
    // A listener that stays would keep signals alive that were made for one request.
    if (this.#here.delete(one) && this.#here.size === 0) {
      this.#signal.removeEventListener('abort', this.#onAbort);
    }
  }
}
