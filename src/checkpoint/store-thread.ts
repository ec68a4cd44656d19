import { Worker } from 'node:worker_threads';
import { FatalError } from '../model/failure.ts';
import {
  isReplyTo,
  type ReplyMessage,
  type RequestMessage,
  type StoreReply,
  type StoreRequest,
} from './worker-protocol.ts';

/**
 * Node 20 can't run TypeScript in a worker, so sources (which only tests run) use the thread that
 * `npm run build` made of them; `npm test` builds first.
 */
const WORKER_URL = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/checkpoint/sqlite-worker.js' : './sqlite-worker.js',
  import.meta.url,
);

interface Waiting {
  readonly resolve: (reply: StoreReply) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The thread behind a checkpoint, seen from the other side: numbers requests and hands each reply
 * to whoever asked. It keeps the process alive only while a reply is due, so a checkpoint that
 * nobody closed can't hang the program's end.
 */
export class StoreThread {
  readonly #worker = new Worker(WORKER_URL, { execArgv: [] });
  readonly #waiting = new Map<number, Waiting>();
  readonly #exit: Promise<void>;
  #number = 0;
  #ended: Error | undefined;
  #closing: Promise<void> | undefined;

  constructor() {
    this.#worker.unref();
    this.#worker.on('message', (message: ReplyMessage) => {
      this.#settle(message);
    });
    this.#worker.on('error', (cause) => {
      this.#end(new Error('the checkpoint thread broke down', { cause }));
    });
    this.#exit = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#end(new Error('the checkpoint is closed'));
        resolve();
      });
    });
  }

  /**
   * @throws FatalError as the thread told it, Error for a bug or a closed checkpoint.
   */
  async call<Op extends StoreRequest['op']>(
    request: StoreRequest & { readonly op: Op },
  ): Promise<Extract<StoreReply, { op: Op }>> {
    if (this.#ended !== undefined) throw this.#ended;
    const reply = await new Promise<StoreReply>((resolve, reject) => {
      this.#number += 1;
      this.#waiting.set(this.#number, { resolve, reject });
      this.#worker.ref();
      const message: RequestMessage = { number: this.#number, request };
      this.#worker.postMessage(message);
    });
    if (isReplyTo(reply, request.op)) return reply;
    throw isReplyTo(reply, 'failed')
      ? toError(reply)
      : new Error(`the checkpoint thread answered ${request.op} by ${reply.op}`);
  }

  /** Closes the store and waits for the thread's end; once it has ended, does nothing. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#ended === undefined) {
      try {
        await this.call({ op: 'close' });
      } finally {
        await this.#worker.terminate();
      }
    }
    await this.#exit;
  }

  #settle({ number, reply }: ReplyMessage): void {
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    if (this.#waiting.size === 0) this.#worker.unref();
    waiting?.resolve(reply);
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const waiting of this.#waiting.values()) waiting.reject(this.#ended);
    this.#waiting.clear();
  }
}

function toError(reply: Extract<StoreReply, { op: 'failed' }>): Error {
  const cause = new Error(reply.detail);
  return reply.kind === undefined
    ? new Error(`the checkpoint was misused: ${reply.message}`, { cause })
    : new FatalError(reply.kind, reply.message, cause);
}
