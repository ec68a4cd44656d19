import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { breakOff } from './break-off.ts';
import { HttpClient } from './client.ts';

/**
 * The connections of clients, each with the answers that are to go out on it: several where
 * requests are pipelined, and then all but the first wait for their turn. A connection that is
 * draining ends behind the answers that are under way on it.
 */
export class Connections {
  readonly #answers = new Map<Socket, Set<ServerResponse>>();
  #isDraining = false;

  /** A connection was made. */
  add(socket: Socket): void {
    this.#answers.set(socket, new Set());
    socket.once('close', () => {
      this.#answers.delete(socket);
    });
  }

  /** The client that gets an answer. */
  clientOf(response: ServerResponse, socket: Socket): HttpClient {
    const client = new HttpClient(response);
    // Only the answer whose turn it is, is told of the connection's end.
    const leave = (): void => {
      client.leave();
    };
    const answers = this.#answers.get(socket);
    if (this.#isDraining) response.shouldKeepAlive = false;
    answers?.add(response);
    // One listener for each answer that is pipelined, however many there are.
    socket.setMaxListeners(0).once('close', leave);
    response.once('close', () => {
      socket.off('close', leave);
      answers?.delete(response);
      if (this.#isDraining && answers?.size === 0) socket.destroySoon();
    });
    return client;
  }

  /** An answer is on its way out: nothing else may be written between. */
  isBusy(socket: Socket): boolean {
    return (this.#answers.get(socket)?.size ?? 0) > 0;
  }

  /** Ends each connection when what is under way on it was sent. */
  drain(): void {
    this.#isDraining = true;
    for (const [socket, answers] of this.#answers) {
      const last = [...answers].at(-1);
      if (last === undefined) socket.destroy();
      else last.shouldKeepAlive = false;
    }
  }

  /** Breaks them, so that nobody takes what was sent for the whole. */
  breakAll(): void {
    for (const socket of this.#answers.keys()) breakOff(socket);
  }
}
