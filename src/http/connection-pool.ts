import type { Socket } from 'node:net';

import { Connection } from './connection.ts';
import { asError } from './network-failure.ts';

interface Waiter {
  readonly grant: (connection: Connection) => void;
  readonly refuse: (reason: unknown) => void;
}

/**
 * At most `size` connections to one site, each lent to one exchange at a time; whoever finds none
 * free waits in line.
 *
 * A connection is `lent` or `idle`. Given back clean, it goes to the first in line, else it becomes
 * idle; given back otherwise, it is destroyed, and the first in line gets a new one. An idle one
 * that closes is forgotten. `onEmpty` is told when the last has gone.
 */
export class ConnectionPool {
  readonly #size: number;
  readonly #dial: (signal: AbortSignal) => Promise<Socket>;
  readonly #onEmpty: () => void;
  /** All that are open. */
  readonly #connections = new Set<Connection>();
  #lent = 0;
  /** The last given back is lent first: it is the least likely to have gone stale. */
  readonly #idle: Connection[] = [];
  readonly #waiting = new Set<Waiter>();

  constructor(
    size: number,
    dial: (signal: AbortSignal) => Promise<Socket>,
    onEmpty: () => void = () => undefined,
  ) {
    this.#size = size;
    this.#dial = dial;
    this.#onEmpty = onEmpty;
  }

  /** Lends a connection at once, or as soon as one is free. */
  take(signal: AbortSignal): Connection | Promise<Connection> {
    const idle = this.#idle.pop();
    if (idle !== undefined) return this.#lend(idle);
    return this.#lent < this.#size ? this.#open() : this.#queue(signal);
  }

  /** Takes a connection back; one that is not `reusable` is destroyed. */
  give(connection: Connection, reusable: boolean): void {
    this.#lent -= 1;
    if (reusable) connection.uses += 1;
    else this.#destroy(connection);
    const next = this.#firstInLine();
    if (next !== undefined) {
      this.#waiting.delete(next);
      next.grant(reusable ? this.#lend(connection) : this.#open());
    } else if (reusable) {
      this.#idle.push(connection);
    } else {
      this.#checkEmpty();
    }
  }

  /** Destroys a lent connection and lends a new one, past the line. */
  replace(connection: Connection): Connection {
    this.#lent -= 1;
    this.#destroy(connection);
    return this.#open();
  }

  /** Destroys every connection; exchanges under way, and those in line, fail. */
  close(): void {
    for (const waiter of this.#waiting) waiter.refuse(new Error('the HTTP client was closed'));
    this.#waiting.clear();
    for (const connection of this.#connections) this.#destroy(connection);
    this.#idle.length = 0;
  }

  #open(): Connection {
    const connection = new Connection({
      dial: this.#dial,
      onClosed: (closed) => {
        this.#forget(closed);
      },
    });
    this.#connections.add(connection);
    return this.#lend(connection);
  }

  #lend(connection: Connection): Connection {
    this.#lent += 1;
    return connection;
  }

  #destroy(connection: Connection): void {
    this.#connections.delete(connection);
    connection.destroy();
  }

  async #queue(signal: AbortSignal): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting.delete(waiter);
        waiter.refuse(signal.reason);
      };
      const waiter: Waiter = {
        grant: (connection) => {
          signal.removeEventListener('abort', onAbort);
          resolve(connection);
        },
        refuse: (reason) => {
          signal.removeEventListener('abort', onAbort);
          reject(asError(reason));
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.add(waiter);
    });
  }

  #firstInLine(): Waiter | undefined {
    // Mostly nobody waits: no iterator then.
    if (this.#waiting.size === 0) return undefined;
    const [first] = this.#waiting;
    return first;
  }

  #forget(connection: Connection): void {
    const index = this.#idle.indexOf(connection);
    if (index === -1) return;
    this.#idle.splice(index, 1);
    this.#destroy(connection);
    this.#checkEmpty();
  }

  #checkEmpty(): void {
    if (this.#lent === 0 && this.#idle.length === 0) this.#onEmpty();
  }
}
