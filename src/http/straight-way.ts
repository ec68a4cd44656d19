import type { BodySink } from '../model/ports.ts';
import type { Connection } from './connection.ts';
import { asError } from './network-failure.ts';

/**
 * The way of chunks that a sink is lent: each goes there while it is being read, past the queue. It
 * is open as long as the body's reader waits for the network. A chunk that the sink does not take at
 * once is the sink's for good, and closes the way until the reader waits again.
 */
export class StraightWay {
  readonly #sink: BodySink;
  readonly #connection: Pick<Connection, 'lend' | 'keepRead'>;
  #isOpen = false;
  #taking: Promise<void> | undefined;

  constructor(sink: BodySink, connection: Pick<Connection, 'lend' | 'keepRead'>) {
    this.#sink = sink;
    this.#connection = connection;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The reader waits. */
  open(): void {
    this.#isOpen = true;
    this.#connection.lend(true);
  }

  /** The reader goes on. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#connection.lend(false);
  }

  /** @returns whether the sink has done with the chunk; else the reader is to wait for it. */
  hand(chunk: Uint8Array): boolean {
    try {
      this.#taking = this.#sink(chunk) ?? undefined;
    } catch (error) {
      // We are called from inside the parser, which is not to hear of it.
      this.#taking = Promise.reject(asError(error));
    }
    if (this.#taking === undefined) return true;
    this.#connection.keepRead();
    return false;
  }

  /** Waits until the sink took the last chunk. @throws what the sink throws */
  async taken(): Promise<void> {
    const taking = this.#taking;
    this.#taking = undefined;
    await taking;
  }
}
