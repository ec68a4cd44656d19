import { type Placed, Row } from './row.ts';

/** What an abort ends. */
export interface Abortable extends Placed {
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
  readonly #here = new Row<Abortable>();
  #isListening = false;
  readonly #onAbort = (): void => {
    for (const one of this.#here.values()) one.abort(this.#signal.reason);
  };

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.#isLasting = lasting.has(signal);
  }

  add(one: Abortable): void {
    if (!this.#isListening) this.#listen();
    this.#here.add(one);
  }

  delete(one: Abortable): void {
    if (!this.#here.delete(one) || this.#isLasting) return;
    // A listener that stays would keep signals alive that were made for one request.
    if (this.#here.size === 0) this.#listenNoMore();
  }

  #listen(): void {
    this.#isListening = true;
    this.#signal.addEventListener('abort', this.#onAbort);
  }

  #listenNoMore(): void {
    this.#isListening = false;
    this.#signal.removeEventListener('abort', this.#onAbort);
  }
}
