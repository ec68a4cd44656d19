import type { ServerResponse } from 'node:http';
import type { BodySink, Headers } from '../../model/ports.ts';
import { breakOff } from './break-off.ts';

/** The answer to one request, on its way to the client. */
export interface Client {
  /** Aborts when the client's connection is gone; before its answer is whole, he left. */
  readonly gone: AbortSignal;
  /** Something was sent: the answer can't become another one any more. */
  readonly begun: boolean;
  /** Body bytes that were handed to the connection. */
  readonly sentBytes: number;
  /** The status that was sent, or is going to be; 0 while there is none. */
  readonly status: number;
  /** Says how the answer begins; it is sent with its first byte, or its end. */
  head(status: number, headers: Headers): void;
  /** Nobody knows whether the body is whole: its end is marked by that of the connection alone. */
  endsWithConnection(): void;
  /** Sends bytes at the client's pace. @throws the reason of `gone`. */
  readonly write: BodySink;
  /** The answer is whole, with these last bytes. */
  end(last?: Uint8Array): void;
  /** Breaks the connection, so that nobody takes what was sent for the whole. */
  break(): void;
}

/** A client that leaves is no error of ours. */
const ignore = (): void => undefined;

/** The client behind an answer of Node's server. */
export class HttpClient implements Client {
  readonly gone: AbortSignal;
  readonly #response: ServerResponse;
  #status = 0;
  #headers: Headers | undefined;
  #sentBytes = 0;

  /** @param gone aborts with the connection; all answers on it share it */
  constructor(response: ServerResponse, gone: AbortSignal) {
    this.#response = response;
    this.gone = gone;
    response.on('error', ignore);
  }

  get begun(): boolean {
    return this.#response.headersSent;
  }

  /** The answer was whole when it was handed to the connection. */
  get ended(): boolean {
    return this.#response.writableEnded;
  }

  get sentBytes(): number {
    return this.#sentBytes;
  }

  get status(): number {
    return this.#status;
  }

  head(status: number, headers: Headers): void {
    this.#status = status;
    this.#headers = headers;
  }

  endsWithConnection(): void {
    this.#response.useChunkedEncodingByDefault = false;
    this.#response.shouldKeepAlive = false;
  }

  readonly write = (chunk: Uint8Array): void | Promise<void> => {
    this.gone.throwIfAborted();
    this.#begin();
    this.#sentBytes += chunk.length;
    return this.#response.write(chunk) ? undefined : this.#drained();
  };

  end(last?: Uint8Array): void {
    this.#begin();
    if (last === undefined || last.length === 0) {
      this.#response.end();
      return;
    }
    this.#sentBytes += last.length;
    this.#response.end(last);
  }

  break(): void {
    const { socket } = this.#response;
    if (socket === null) this.#response.destroy();
    else breakOff(socket);
  }

  #begin(): void {
    if (this.#response.headersSent) return;
    if (this.#headers === undefined) throw new Error('an answer without a head');
    this.#response.writeHead(this.#status, this.#headers);
  }

  #drained(): Promise<void> {
    return new Promise((resolve, reject) => {
      const { gone } = this;
      const settle = (): void => {
        this.#response.off('drain', settle);
        gone.removeEventListener('abort', settle);
        if (gone.aborted) reject(gone.reason as Error);
        else resolve();
      };
      this.#response.once('drain', settle);
      gone.addEventListener('abort', settle, { once: true });
    });
  }
}
