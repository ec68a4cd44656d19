import { Worker } from 'node:worker_threads';

import type { DigestTask } from './digest-worker.ts';

/**
 * Node 20 can't run TypeScript in a worker, so sources (which only tests run) use the thread that
 * `npm run build` made of them; `npm test` builds first.
 */
const FOLDER = import.meta.url.endsWith('.ts') ? '../../dist/s3/' : './';

/** The thread hashes and keeps nothing. */
const LIMITS = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1 };

/** Who waits until bytes are hashed. */
interface Waiting {
  readonly bytes: number;
  readonly resolve: (digests: readonly Uint8Array[]) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A thread that hashes bytes where they are, in memory that it sees as well; first come, first
 * served. The bytes stay with their owner, so where it breaks down nothing is lost but the time.
 *
 * It keeps the process alive only while a digest is due, so nobody has to end it.
 */
export class DigestThread {
  readonly #worker: Worker;
  /** In the order of their tasks. */
  readonly #waiting: Waiting[] = [];
  #ended: Error | undefined;
  #queuedBytes = 0;

  constructor() {
    const file = new URL(`${FOLDER}digest-worker.js`, import.meta.url);
    this.#worker = new Worker(file, { execArgv: [], resourceLimits: LIMITS });
    this.#worker.unref();
    this.#worker.on('message', (digests: readonly Uint8Array[]) => {
      this.#taken()?.resolve(digests);
    });
    this.#worker.on('error', (cause) => {
      this.#end(new Error('the thread that hashes broke down', { cause }));
    });
    this.#worker.on('exit', () => {
      this.#end(new Error('the thread that hashes has ended'));
    });
  }

  /** Whether it can hash no more. */
  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  /** Bytes that wait here, or are hashed just now. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /**
   * Hashes bytes, which are not changed meanwhile.
   * @returns the digests in the order of the task's algorithms
   * @throws Error where the thread broke down; it never hashes again then.
   */
  async digests(task: DigestTask): Promise<readonly Buffer[]> {
    if (this.#ended !== undefined) throw this.#ended;
    const digests = await new Promise<readonly Uint8Array[]>((resolve, reject) => {
      this.#waiting.push({ bytes: task.length, resolve, reject });
      this.#queuedBytes += task.length;
      this.#worker.ref();
      this.#worker.postMessage(task);
    });
    return digests.map((digest) => Buffer.from(digest));
  }

  #taken(): Waiting | undefined {
    const waiting = this.#waiting.shift();
    this.#queuedBytes -= waiting?.bytes ?? 0;
    if (this.#waiting.length === 0) this.#worker.unref();
    return waiting;
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (let left = this.#taken(); left !== undefined; left = this.#taken()) {
      left.reject(this.#ended);
    }
  }
}
