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
  /** As `write`, of a chunk that is lent: where nothing is returned, its memory is free again. */
  readonly take: BodySink;
  /** The answer is whole, with these last bytes. */
  end(last?: Uint8Array): void;
  /** Breaks the connection, so that nobody takes what was sent for the whole. */
  break(): void;
}

/** A client that leaves is no error of ours. */
const ignore = (): void => undefined;

/** A chunk is still needed, but nobody has to wait. */
const KEPT = Promise.resolve();

/** What all answers on one connection share. */
export interface AnswersConnection {
  /** Aborts with the connection. */
  readonly gone: AbortSignal;
  /** Who waits for it to take more; each is to be woken when it is gone, behind `gone`. */
  readonly waiting: Set<HttpClient>;
}

/** The client behind an answer of Node's server. */
export class HttpClient implements Client {
  readonly gone: AbortSignal;
  readonly #response: ServerResponse;
  readonly #waiting: Set<HttpClient>;
  #status = 0;
  #headers: Headers | undefined;
  #sentBytes = 0;
  #drained: Promise<void> | undefined;
  #resolveDrained: () => void = ignore;
  #rejectDrained: (reason: unknown) => void = ignore;
  #hearsDrain = false;

  constructor(response: ServerResponse, { gone, waiting }: AnswersConnection) {
    this.#response = response;
    this.gone = gone;
    this.#waiting = waiting;
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

  /** Made when it is asked for: a small answer has no need of it. */
  get write(): BodySink {
    return (chunk) => this.#write(chunk);
  }

  get take(): BodySink {
    return (chunk) => this.#take(chunk);
  }

  #write(chunk: Uint8Array): void | Promise<void> {
    this.gone.throwIfAborted();
    this.#begin();
    this.#sentBytes += chunk.length;
    return this.#response.write(chunk) || this.#isSent() ? undefined : this.#untilDrained();
  }

  #take(chunk: Uint8Array): void | Promise<void> {
    const { socket } = this.#response;
    // It would lie behind what waits, with nothing to tell when it is gone.
    if (socket === null || socket.writableLength > 0) return this.#write(Uint8Array.from(chunk));
    return this.#write(chunk) ?? (this.#isSent() ? undefined : KEPT);
  }

  /** Sends what was written at once, not at the end of this turn. Whether the system took it all. */
  #isSent(): boolean {
    const { socket } = this.#response;
    if (socket === null) return false;
    socket.uncork();
    return socket.writableLength === 0;
  }

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

  /** The connection takes more, or is gone. */
  wake(): void {
    if (!this.#waiting.delete(this)) return;
    this.#drained = undefined;
    if (this.gone.aborted) this.#rejectDrained(this.gone.reason);
    else this.#resolveDrained();
  }

  #begin(): void {
    if (this.#response.headersSent) return;
    if (this.#headers === undefined) throw new Error('an answer without a head');
    this.#response.writeHead(this.#status, this.#headers);
  }

  /** A large body waits many times: what listens is put in place once. */
  #untilDrained(): Promise<void> {
    if (!this.#hearsDrain) {
      this.#hearsDrain = true;
      this.#response.on('drain', () => {
        this.wake();
      });
    }
    this.#waiting.add(this);
    this.#drained ??= new Promise((resolve, reject) => {
      this.#resolveDrained = resolve;
      this.#rejectDrained = reject;
    });
    return this.#drained;
  }
}
