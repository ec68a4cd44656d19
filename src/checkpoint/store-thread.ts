import { Worker } from 'node:worker_threads';
import { FatalError } from '../model/failure.ts';
import {
  type CloseRequest,
  type FailedReply,
  isFailed,
  isReplyTo,
  type Operation,
  type ReplyMessage,
  type RequestMessage,
} from './worker-protocol.ts';

/**
 * Node 20 can't run TypeScript in a worker, so sources (which only tests run) use the thread that
 * `npm run build` made of them; `npm test` builds first.
 */
const THREADS = import.meta.url.endsWith('.ts') ? '../../dist/checkpoint/' : './';

interface Waiting<Reply> {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The thread behind a store, seen from the other side: numbers requests and hands each reply to
 * whoever asked. It keeps the process alive only while a reply is due, so a store that nobody closed
 * can't hang the program's end.
 */
export class StoreThread<Request extends Operation, Reply extends Operation> {
  readonly #what: string;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting<Reply>>();
  readonly #exit: Promise<void>;
  #number = 0;
  #ended: Error | undefined;
  #closing: Promise<void> | undefined;

  /**
   * @param file the thread's, in this folder, without its ending
   * @param what names the store in errors
   */
  constructor(file: string, what: string) {
    this.#what = what;
    this.#worker = new Worker(new URL(`${THREADS}${file}.js`, import.meta.url), { execArgv: [] });
    this.#worker.unref();
    this.#worker.on('message', (message: ReplyMessage<Reply>) => {
      this.#settle(message);
    });
    this.#worker.on('error', (cause) => {
      this.#end(new Error(`the thread of ${what} broke down`, { cause }));
    });
    this.#exit = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#end(new Error(`${what} is closed`));
        resolve();
      });
    });
  }

  /**
   * @throws FatalError as the thread told it, Error for a bug or a closed store.
   */
  async call<Op extends Request['op'] & Reply['op']>(
    request: Request & { readonly op: Op },
  ): Promise<Extract<Reply, { op: Op }>> {
    const reply = await this.#ask(request);
    if (isReplyTo<Reply, Op>(reply, request.op)) return reply;
    throw new Error(`the thread of ${this.#what} answered ${request.op} by ${reply.op}`);
  }

  /** Closes the store and waits for the thread's end; once it has ended, does nothing. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#ended === undefined) {
      try {
        await this.#ask({ op: 'close' });
      } finally {
        await this.#worker.terminate();
      }
    }
    await this.#exit;
  }

  async #ask(request: Request | CloseRequest): Promise<Reply> {
    if (this.#ended !== undefined) throw this.#ended;
    return new Promise<Reply>((resolve, reject) => {
      this.#number += 1;
      this.#waiting.set(this.#number, { resolve, reject });
      this.#worker.ref();
      const message: RequestMessage<Request | CloseRequest> = { number: this.#number, request };
      this.#worker.postMessage(message);
    });
  }

  #settle({ number, reply }: ReplyMessage<Reply>): void {
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    if (this.#waiting.size === 0) this.#worker.unref();
    if (isFailed(reply)) waiting?.reject(this.#toError(reply));
    else waiting?.resolve(reply);
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const waiting of this.#waiting.values()) waiting.reject(this.#ended);
    this.#waiting.clear();
  }
  #toError({ kind, message, detail }: FailedReply): Error {
    const cause = new Error(detail);
    return kind === undefined
      ? new Error(`${this.#what} was misused: ${message}`, { cause })
      : new FatalError(kind, message, cause);
  }
}
