import type { Abortable } from '../model/abort-watch.ts';
import { Failure } from '../model/failure.ts';
import type { Overdue } from './deadline.ts';
import { durationText } from './duration-text.ts';
import type { ReceiverSettings } from './receiver-settings.ts';

/** Times an answer's head, from the sending of its request on; a request that is still going out has time. */
export class HeadClock implements Overdue {
  readonly #settings: ReceiverSettings;
  readonly #exchange: Pick<Abortable, 'abort'>;
  /** Bytes of the request that were still here when the clock was set. */
  #unsentBytes = 0;
  #isStopped = false;

  /** @param exchange aborted with a Failure when the head is late */
  constructor(settings: ReceiverSettings, exchange: Pick<Abortable, 'abort'>) {
    this.#settings = settings;
    this.#exchange = exchange;
  }

  start(): void {
    this.#await(this.#settings.connection.unsentBytes());
  }

  /** The head is there, or nobody wants it any more. */
  stop(): void {
    this.#isStopped = true;
    this.#settings.connection.deadline.clear(this);
  }

  onDeadline(): void {
    // Timers run before sockets are read: after a blocked loop the head may be there already.
    setImmediate(() => {
      this.#judge();
    });
  }

  #await(unsentBytes: number): void {
    this.#unsentBytes = unsentBytes;
    this.#settings.connection.deadline.set(this.#settings.firstByteMs, this);
  }

  #judge(): void {
    if (this.#isStopped) return;
    const { what, firstByteMs, connection } = this.#settings;
    const unsent = connection.unsentBytes();
    if (unsent < this.#unsentBytes) {
      this.#await(unsent);
      return;
    }
    const line = `${what}: no answer within ${durationText(firstByteMs)} (timeouts.firstByte)`;
    this.#exchange.abort(new Failure('ORIGIN_TIMEOUT', line));
  }
}
