import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';

import { Deadline } from './deadline.ts';
import { HeadStrings } from './head-strings.ts';
import { type HeldSocket, holdable } from './held-socket.ts';
import { type LentReads, lentReadsOf } from './lent-reads.ts';
import { asError } from './network-failure.ts';
import { Client } from './undici.ts';

/** The largest head of an answer that is read, in bytes; Node's and nginx's own limit. */
export const MAX_RESPONSE_HEADER_BYTES = 16 * 1024;

/**
 * How long a connection is kept unused, in milliseconds, unless the server says for how long it
 * keeps it: below the five seconds after which common servers hang up.
 */
const KEEP_ALIVE_MS = 4000;

/** What a connection is made of. */
export interface ConnectionSettings {
  readonly dial: (signal: AbortSignal) => Promise<Socket>;
  /** Told when the connection has closed, whoever closed it. */
  readonly onClosed: (connection: Connection) => void;
}

/**
 * One connection to a site, for one exchange at a time. It dials when the first request comes, and
 * again when a request finds that the other side has hung up in the meantime.
 */
export class Connection {
  /** How many exchanges the present socket has served. */
  uses = 0;
  /** The clock of the exchange under way. */
  readonly deadline = new Deadline();
  readonly headStrings = new HeadStrings();
  readonly #client: Client;
  readonly #ending = new AbortController();
  #socket: Socket | undefined;
  #held: HeldSocket | undefined;
  #reads: LentReads | undefined;

  constructor(settings: ConnectionSettings) {
    // undici sees neither TLS nor the host: dialling is ours, and each request names its host.
    this.#client = new Client('http://site.invalid', {
      connect: (_, callback) => {
        this.#dial(settings).then(
          (socket) => {
            callback(null, socket);
          },
          (error: unknown) => {
            callback(asError(error), null);
          },
        );
      },
      // The receiver has the clocks: undici's run in whole seconds and while a sink is slow.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_RESPONSE_HEADER_BYTES,
    });
    this.#client.on('disconnect', () => {
      settings.onClosed(this);
    });
  }

  /** Starts an exchange; everything else reaches `handler`. */
  send(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.#client.dispatch(options, handler);
  }

  /** Bytes written that the system has not taken yet. */
  unsentBytes(): number {
    return this.#socket?.writableLength ?? 0;
  }

  /** Holds back what else comes of the answer, until `letGo`. */
  hold(): void {
    this.#held?.hold();
  }

  /** Hands over what was held back before it returns. */
  letGo(): void {
    this.#held?.letGo();
  }

  /** As `letGo`, for who is called while an answer is read. */
  forgetHold(): void {
    this.#held?.forget();
  }

  /** Whether chunks from now on may be lent; see {@link LentReads}. */
  lend(isLending: boolean): void {
    if (this.#reads !== undefined) this.#reads.isLending = isLending;
  }

  /** The chunk that is being read is its reader's for good. */
  keepRead(): void {
    this.#reads?.keep();
  }

  /** Closes at once; a dial under way is given up. */
  destroy(): void {
    const reason = new Error('the connection was given up');
    this.deadline.end();
    this.#ending.abort(reason);
    this.#client.destroy(reason, () => undefined);
  }

  async #dial(settings: ConnectionSettings): Promise<Socket> {
    const socket = await settings.dial(this.#ending.signal);
    socket.on('error', markAsSocketError);
    this.uses = 0;
    this.#socket = socket;
    this.#held = holdable(socket);
    this.#reads = lentReadsOf(socket);
    return socket;
  }
}

/**
 * undici takes ECONNRESET for the clean end of a body that only the closed connection ends, and
 * asserts where such a body is paused. This listener comes before undici's, so that a reset is an
 * error like any other: a body cut by one must never look whole. undici's own errors keep theirs.
 */
function markAsSocketError(error: NodeJS.ErrnoException): void {
  if (error.code?.startsWith('E') === true) error.code = 'UND_ERR_SOCKET';
}
