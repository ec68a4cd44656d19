import type { ServerResponse } from 'node:http';
import type { BodySink, Headers } from '../../model/ports.ts';
import { breakOff } from './break-off.ts';

/** The answer to one request, on its way to the client. */
export interface Client {
  /** Aborts when the client left before its answer was whole. */
  readonly gone: AbortSignal;
  /** Something was sent: the answer can't become another one any more. */
  readonly begun: boolean;
  /** Body bytes that were handed to the connection. */
  readonly sentBytes: number;
  /** The status that was sent, or is going to be; 0 while there is none. */
  readonly status: number;
  /** Says how the answer begins; it is sent with its first byte, or its end. */
  head(status: number, headers: Headers): void;
  /** Sends bytes at the client's pace. @throws the reason of `gone`. */
  readonly write: BodySink;
  /** The answer is whole, with these last bytes. */
  end(last?: Uint8Array): void;
  /** Breaks the connection, so that nobody takes what was sent for the whole. */
  break(): void;
}

/** The client behind an answer of Node's server. */
export class HttpClient implements Client {
  readonly #response: ServerResponse;
  readonly #gone = new AbortController();
  #head: { readonly status: number; readonly headers: Headers } | undefined;
  #sentBytes = 0;

  constructor(response: ServerResponse) {
    this.#response = response;
    response.on('close', () => {
      if (!response.writableFinished) this.leave();
    });
    // A client that leaves is no error of ours.
    response.on('error', () => undefined);
  }

  get gone(): AbortSignal {
    return this.#gone.signal;
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
    return this.#head?.status ?? 0;
  }

  head(status: number, headers: Headers): void {
    this.#head = { status, headers };
  }

  readonly write = (chunk: Uint8Array): void | Promise<void> => {
    this.#gone.signal.throwIfAborted();
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

  /** The connection is gone. */
  leave(): void {
    this.#gone.abort(new Error('the client left'));
  }

  #begin(): void {
    if (this.#response.headersSent) return;
    if (this.#head === undefined) throw new Error('an answer without a head');
    this.#response.writeHead(this.#head.status, this.#head.headers);
  }

  #drained(): Promise<void> {
    return new Promise((resolve, reject) => {
      const { signal } = this.#gone;
      const settle = (): void => {
        this.#response.off('drain', settle);
        signal.removeEventListener('abort', settle);
        if (signal.aborted) reject(signal.reason as Error);
        else resolve();
      };
      this.#response.once('drain', settle);
      signal.addEventListener('abort', settle, { once: true });
    });
  }
}
