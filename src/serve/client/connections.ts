import { setMaxListeners } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { markLasting } from '../../model/abort-watch.ts';
import { breakOff } from './break-off.ts';
import { type AnswersConnection, HttpClient } from './client.ts';

/**
 * One connection of a client. It has one signal for all answers: a signal for each took 8 % of the
 * CPU time of a small hit.
 */
class ClientConnection implements AnswersConnection {
  /** In their order; mostly there is one. */
  readonly answers: ServerResponse[] = [];
  readonly waiting = new Set<HttpClient>();
  readonly gone: AbortSignal;
  readonly #controller = new AbortController();

  constructor() {
    this.gone = this.#controller.signal;
    // Each answer that is pipelined listens, however many there are.
    setMaxListeners(0, this.gone);
    markLasting(this.gone);
  }

  leave(): void {
    this.#controller.abort(new Error('the client left'));
    for (const client of this.waiting) client.wake();
  }
}

/**
 * The connections of clients, each with the answers that are to go out on it: several where
 * requests are pipelined, and then all but the first wait for their turn. A connection that is
 * draining ends behind the answers that are under way on it.
 */
export class Connections {
  readonly #connections = new Map<Socket, ClientConnection>();
  #isDraining = false;

  /** A connection was made. */
  add(socket: Socket): void {
    const connection = new ClientConnection();
    this.#connections.set(socket, connection);
    socket.once('close', () => {
      this.#connections.delete(socket);
      connection.leave();
    });
  }

  /** The client that gets an answer. */
  clientOf(response: ServerResponse, socket: Socket): HttpClient {
    const connection = this.#connections.get(socket) ?? closed();
    const { answers } = connection;
    if (this.#isDraining) response.shouldKeepAlive = false;
    answers.push(response);
    response.on('close', () => {
      const at = answers.indexOf(response);
      if (at === 0) answers.shift();
      else if (at > 0) answers.splice(at, 1);
      if (this.#isDraining && answers.length === 0) socket.destroySoon();
    });
    return new HttpClient(response, connection);
  }

  /** An answer is on its way out: nothing else may be written between. */
  isBusy(socket: Socket): boolean {
    return (this.#connections.get(socket)?.answers.length ?? 0) > 0;
  }

  /** Ends each connection when what is under way on it was sent. */
  drain(): void {
    this.#isDraining = true;
    for (const [socket, { answers }] of this.#connections) {
      const last = answers.at(-1);
      if (last === undefined) socket.destroy();
      else last.shouldKeepAlive = false;
    }
  }

  /** Breaks them, so that nobody takes what was sent for the whole. */
  breakAll(): void {
    for (const socket of this.#connections.keys()) breakOff(socket);
  }
}

/** What a request came on that was read before its connection closed, and is told of after. */
function closed(): ClientConnection {
  const connection = new ClientConnection();
  connection.leave();
  return connection;
}
