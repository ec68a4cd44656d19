import { Worker } from 'node:worker_threads';
import { FatalError } from '../../model/failure.ts';
import { ThreadLost } from '../../run/threads/thread-lost.ts';
import type { SentBack, SentEntry } from '../../run/threads/sent-entry.ts';
import type { CopyThread } from '../../run/threads/threads.ts';
import { busyShareOf } from '../busy-share.ts';
import type { FromThread, Happened, NumberedEntry, Opening, ToThread } from './messages.ts';

/**
 * Node 20 can't run TypeScript in a thread, so sources (which only tests run) use the one that
 * `npm run build` made of them.
 */
const FILE = import.meta.url.endsWith('.ts')
  ? '../../../dist/cli/threads/copy-worker.js'
  : './copy-worker.js';

interface Waiting {
  readonly resolve: (back: SentBack) => void;
  readonly reject: (error: Error) => void;
}

/** What a thread says that is no business of the handle. */
export type Said = Extract<FromThread, { readonly op: 'question' | 'charge' | 'throttled' }>;

export interface HandleListener {
  /** Called with what happened in the thread, before its results are. */
  readonly happened: (happened: Happened) => void;
  readonly said: (said: Said) => void;
}

/** Where a thread stands: it loads, it is open, it can't be used. */
type State =
  | { readonly is: 'loading' }
  | { readonly is: 'open'; readonly rules: ReadonlySet<string> }
  | { readonly is: 'lost'; readonly why: Error };

/** A thread that copies, seen from the run's own. */
export class CopyWorkerHandle implements CopyThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #opened: Promise<void>;
  #outgoing: NumberedEntry[] = [];
  #number = 0;
  #rules: ReadonlySet<string> = new Set();
  #state: State = { is: 'loading' };
  #listener: HandleListener | undefined;
  #signal: AbortSignal | undefined;
  #isClosing = false;
  #settleOpened: { resolve: () => void; reject: (error: Error) => void } = {
    resolve: () => undefined,
    reject: () => undefined,
  };

  /**
   * Starts it: it loads the program while others are asked whether they are well.
   * @param file the thread's; tests have their own
   */
  constructor(file = new URL(FILE, import.meta.url)) {
    this.#opened = new Promise((resolve, reject) => {
      this.#settleOpened = { resolve, reject };
    });
    // Whoever asks is told; nobody may ask.
    this.#opened.catch(() => undefined);
    this.#worker = new Worker(file, { execArgv: [] });
    this.#worker.on('message', (message: FromThread) => {
      this.#take(message);
    });
    this.#worker.on('error', (cause) => {
      this.#lose(new ThreadLost('broke down', cause));
    });
    this.#worker.on('exit', () => {
      if (!this.#isClosing) this.#lose(new ThreadLost('ended by itself'));
    });
  }

  /** Opens bucket and origins there; entries go there as soon as they are open. */
  open(opening: Opening, listener: HandleListener): void {
    this.#listener = listener;
    this.#rules = new Set(opening.rules.map(({ id }) => id));
    this.post({ op: 'open', opening });
  }

  /** Resolves when it is open. @throws FatalError, ThreadLost. */
  async opened(): Promise<void> {
    await this.#opened;
  }

  takes(rule: string): boolean {
    // What is lost says so to the next that goes there.
    if (this.#state.is === 'lost') return true;
    return this.#state.is === 'open' && this.#state.rules.has(rule);
  }

  async copy(sent: SentEntry, signal: AbortSignal): Promise<SentBack> {
    if (this.#state.is === 'lost') throw this.#state.why;
    this.#heed(signal);
    return new Promise((resolve, reject) => {
      this.#number += 1;
      this.#waiting.set(this.#number, { resolve, reject });
      this.#outgoing.push({ ...sent, number: this.#number });
      if (this.#outgoing.length === 1)
        setImmediate(() => {
          this.#flush();
        });
    });
  }

  post(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  /** Makes what tells the share of the time since it was last asked that the thread was busy. */
  busyShare(): () => number {
    return busyShareOf(this.#worker.performance);
  }

  /** What is wrong with it. */
  get lost(): Error | undefined {
    return this.#state.is === 'lost' ? this.#state.why : undefined;
  }

  /** Ends it, whatever it is at. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#worker.terminate();
  }

  #heed(signal: AbortSignal): void {
    if (this.#signal === signal) return;
    this.#signal = signal;
    const abort = (): void => {
      // What was not sent yet comes back as if it had been.
      this.#flush();
      this.post({ op: 'abort' });
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  }

  #flush(): void {
    if (this.#outgoing.length === 0) return;
    const entries = this.#outgoing;
    this.#outgoing = [];
    this.post({ op: 'entries', entries });
  }

  #take(message: FromThread): void {
    switch (message.op) {
      case 'opened':
        if (this.#state.is === 'loading') this.#state = { is: 'open', rules: this.#rules };
        this.#settleOpened.resolve();
        return;
      case 'refused':
        this.#lose(new FatalError(message.kind, message.message));
        return;
      case 'happened':
        this.#listener?.happened(message.happened);
        for (const { number, cameOf, requests } of message.happened.results) {
          this.#waiting.get(number)?.resolve({ cameOf, requests });
          this.#waiting.delete(number);
        }
        return;
      case 'question':
      case 'charge':
      case 'throttled':
        this.#listener?.said(message);
    }
  }

  #lose(why: Error): void {
    if (this.#state.is === 'lost') return;
    this.#state = { is: 'lost', why };
    this.#settleOpened.reject(why);
    for (const { reject } of this.#waiting.values()) reject(why);
    this.#waiting.clear();
  }
}
