import { setMaxListeners } from 'node:events';
import type { Claims } from '../../model/claims.ts';
import { FatalError } from '../../model/failure.ts';
import type { PresenceFinder } from '../../run/presence.ts';
import { ThreadLost } from '../../run/threads/thread-lost.ts';
import { Threads } from '../../run/threads/threads.ts';
import type { OpenUploads } from '../../transfer/open-uploads.ts';
import { CopyWorkerHandle, type Said } from './copy-worker-handle.ts';
import type { Answer, Happened, Opening, Question } from './messages.ts';
import { type LimitsListener, SharedLimits } from './shared-limits.ts';

/** So long after a host asked to slow down only the run's own thread talks to it. */
const QUIET_MS = 30_000;

/** What the threads of a run do for it, and ask of it. */
export interface ThreadsWork {
  /** What the thread of that number opens; 0 is the run's own. */
  readonly openingOf: (index: number) => Opening;
  /** The hosts of each rule's addresses. */
  readonly hostsOf: ReadonlyMap<string, readonly string[]>;
  readonly uploads: OpenUploads | undefined;
  readonly claims: Claims;
  /** Names the run to other processes. */
  readonly owner: string;
  readonly presence: PresenceFinder;
  readonly onRequest: () => void;
  readonly drain: AbortSignal;
  /** Rules whose keys wait now. */
  readonly waitingRules: () => readonly string[];
}

/** The last that a thread told of what it has done so far. */
interface SoFar {
  settled: number;
  bucketRequests: number;
  bodyBytes: number;
}

/**
 * The further threads of a run. They load while the run's checks are made, and copy as soon as they
 * are open; until then, and whatever they can't do, is done by the run's own thread.
 */
export class RunThreads {
  readonly limits: SharedLimits;
  readonly #now: () => number;
  readonly #handles: readonly CopyWorkerHandle[];
  readonly #soFar: readonly SoFar[];
  /** Until when, by host, only the run's own thread talks to it. */
  readonly #quiet = new Map<string, number>();
  readonly #closed = new AbortController();
  #work: ThreadsWork | undefined;

  /**
   * @param threads two or more, the run's own among them
   * @param now milliseconds that nobody sets
   */
  constructor(threads: number, now: () => number) {
    this.#now = now;
    // Every wait for tokens listens to it; that is no leak.
    setMaxListeners(0, this.#closed.signal);
    const listener: LimitsListener = {
      breaker: (breaker, isClosed) => {
        for (const handle of this.#handles) handle.post({ op: 'breaker', breaker, isClosed });
      },
      throttled: (host, ms) => {
        this.#throttled(host, ms, undefined);
      },
    };
    this.limits = new SharedLimits(threads, listener);
    this.#handles = Array.from({ length: threads - 1 }, () => new CopyWorkerHandle());
    this.#soFar = this.#handles.map(() => ({ settled: 0, bucketRequests: 0, bodyBytes: 0 }));
  }

  /** How many there are, the run's own among them. */
  get count(): number {
    return this.#handles.length + 1;
  }

  /** Opens bucket and origins in the threads, and makes them work for the run. */
  open(work: ThreadsWork): Threads {
    this.#work = work;
    for (const [at, handle] of this.#handles.entries()) {
      handle.open(work.openingOf(at + 1), {
        happened: (happened) => {
          this.#happened(at, happened);
        },
        said: (said) => {
          this.#said(handle, said);
        },
      });
      for (const breaker of this.limits.notClosed()) {
        handle.post({ op: 'breaker', breaker, isClosed: false });
      }
    }
    const { drain, uploads } = work;
    const tellDrain = (): void => {
      for (const handle of this.#handles) handle.post({ op: 'drain', reason: drain.reason });
    };
    if (drain.aborted) tellDrain();
    else drain.addEventListener('abort', tellDrain, { once: true });
    return new Threads({
      others: this.#handles,
      mayLeave: (rule) => this.#mayLeave(rule),
      uploads,
      drain,
    });
  }

  /** Makes what tells how busy the least busy thread was since it was last asked. */
  busyShare(own: () => number): () => number {
    const shares = [own, ...this.#handles.map((handle) => handle.busyShare())];
    return () => Math.min(...shares.map((share) => share()));
  }

  /** Requests that the buckets of the threads have had. */
  bucketRequests(): number {
    return this.#soFar.reduce((sum, { bucketRequests }) => sum + bucketRequests, 0);
  }

  /** What has come from the origins to the threads. */
  bodyBytes(): number {
    return this.#soFar.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0);
  }

  /** How many entries each of them has settled. */
  settled(): readonly number[] {
    return this.#soFar.map(({ settled }) => settled);
  }

  /** @throws ThreadLost where one ended by itself, though nobody may have missed it. */
  assertWell(): void {
    for (const { lost } of this.#handles) if (lost instanceof ThreadLost) throw lost;
  }

  /** Ends them all. */
  async close(): Promise<void> {
    this.#closed.abort(new Error('the threads are closed'));
    await Promise.all(this.#handles.map((handle) => handle.close()));
  }

  #mayLeave(rule: string): boolean {
    const work = this.#work;
    if (work === undefined) return false;
    if (work.waitingRules().includes(rule)) return false;
    return this.#quiet.size === 0 || !this.#isQuiet(work.hostsOf.get(rule) ?? []);
  }

  #isQuiet(hosts: readonly string[]): boolean {
    const now = this.#now();
    return hosts.some((host) => (this.#quiet.get(host) ?? 0) > now);
  }

  #throttled(host: string, ms: number, by: CopyWorkerHandle | undefined): void {
    this.#quiet.set(host, this.#now() + QUIET_MS + ms);
    if (by !== undefined) this.limits.leaveAlone(host, ms);
    if (ms === 0) return;
    for (const handle of this.#handles) {
      if (handle !== by) handle.post({ op: 'pause', host, ms });
    }
  }

  #happened(at: number, happened: Happened): void {
    const soFar = this.#soFar[at];
    if (soFar === undefined || this.#work === undefined) return;
    const { presence, onRequest } = this.#work;
    for (const { cameOf } of happened.results) if (cameOf.is === 'settled') soFar.settled += 1;
    soFar.bucketRequests = happened.bucketRequests;
    soFar.bodyBytes = happened.bodyBytes;
    for (let count = 0; count < happened.requests; count += 1) onRequest();
    for (const ms of happened.copiedMs) presence.copied(ms);
    for (const wasTaken of happened.wrote) presence.wrote(wasTaken);
    for (const { ms, isThere } of happened.asked) presence.asked(ms, isThere);
    for (const { breaker, verdict } of happened.verdicts) this.limits.passed(breaker, verdict);
  }

  #said(handle: CopyWorkerHandle, said: Said): void {
    switch (said.op) {
      case 'charge':
        this.limits.rate(said.name).charge(said.tokens);
        return;
      case 'throttled':
        this.#throttled(said.host, said.pauseMs, handle);
        return;
      case 'question':
        this.#answer(said.question).then(
          (answer) => {
            handle.post({ op: 'answer', number: said.number, answer });
          },
          (error: unknown) => {
            handle.post({ op: 'answer', number: said.number, answer: failedAnswer(error) });
          },
        );
    }
  }

  async #answer(question: Question): Promise<Answer> {
    const work = this.#work;
    if (work === undefined) throw new Error('a thread asked before there was work');
    const { claims, owner, uploads } = work;
    switch (question.op) {
      case 'tokens':
        await this.limits.rate(question.name).take(question.tokens, this.#closed.signal);
        return { op: 'tokens' };
      case 'upload':
        await uploads?.take(question.key, question.sealed);
        return { op: 'upload' };
      case 'claim':
        return { op: 'claim', answer: await claims.claim(question.key, owner) };
      case 'release':
        await claims.release(question.key, owner);
        return { op: 'release' };
      case 'held':
        return { op: 'held', by: await claims.held(question.key) };
      case 'heldByOthers':
        return { op: 'heldByOthers', held: await claims.heldByOthers() };
    }
  }
}

function failedAnswer(error: unknown): Answer {
  const message = error instanceof Error ? error.message : String(error);
  return { op: 'failed', message, kind: error instanceof FatalError ? error.kind : undefined };
}
