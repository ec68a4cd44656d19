import type { Dispatcher } from 'undici';

import { Failure } from '../model/failure.ts';
import type { Body, BodySink } from '../model/ports.ts';
import { NOWHERE } from '../model/row.ts';
import { ChunkQueue } from './chunk-queue.ts';
import { CRAWL_FLOOR, CrawlWatch, steadyNowMs } from './crawl-watch.ts';
import type { Overdue } from './deadline.ts';
import { HeadClock } from './head-clock.ts';
import { asError, bodyFailure, headFailure, stalledFailure } from './network-failure.ts';
import type { ReceiverSettings } from './receiver-settings.ts';
import { refuseLonger } from './refuse-longer.ts';
import { mayHaveBody, responseHead, type ResponseHead } from './response-head.ts';
import { StraightWay } from './straight-way.ts';

/** An unread body of at most this is read to its end, which is cheaper than a new connection. */
const DRAINED_BYTES = 64 * 1024;

/**
 * Takes one answer from undici and is its body.
 *
 * States: `waiting` (for the head) → `open` (head known, body coming) → `ended` (framing ended
 * cleanly) or, from either, `failed`. Chunks queue here and the socket is held once more than
 * the read-ahead lies unread, so a body without a reader, or with a slow one, waits in the kernel.
 *
 * Two clocks, of which at most one runs. First byte: from sending the request to the whole head.
 * Idle: only while a reader waits here for the next chunk; restarted by each chunk. So time that
 * the reader takes for itself is never the origin's. A body that is never idle may still crawl:
 * over the same waits its speed is watched.
 *
 * Of undici 7's two forms of handlers this is the older one: the head's fields come as bytes, of which
 * strings are made more cheaply here, and it costs no wrapper and no parsed trailers.
 */
export class ResponseReceiver implements Dispatcher.DispatchHandler, Body, Overdue {
  /** Resolves with the head; rejects with the Failure, or the caller's abort reason. */
  readonly head: Promise<ResponseHead>;
  /** Whether an answer's head had come before things failed. */
  answered = false;
  place = NOWHERE;
  /** The error as the network gave it, where the exchange failed by one. */
  networkError: Error | undefined;
  /** Told once the exchange is over where it went on behind its reader's back. */
  onSettled: ((reusable: boolean) => void) | undefined;
  readonly #settings: ReceiverSettings;
  readonly #headClock: HeadClock;
  #crawl: CrawlWatch | undefined;
  #state: 'waiting' | 'open' | 'ended' | 'failed' = 'waiting';
  #failure: unknown;
  #cutOff: ((error: Error) => void) | undefined;
  #resolveHead: (head: ResponseHead) => void = () => undefined;
  #rejectHead: (error: unknown) => void = () => undefined;
  #declaredBytes: number | undefined;
  #bodiless = false;
  #drainable = false;
  #reusable = false;
  #receivedBytes = 0;
  readonly #queue = new ChunkQueue();
  #claimed = false;
  #discarding = false;
  #wake: (() => void) | undefined;
  #straight: StraightWay | undefined;

  constructor(settings: ReceiverSettings) {
    this.#settings = settings;
    this.#headClock = new HeadClock(settings, this);
    this.head = new Promise((resolve, reject) => {
      this.#resolveHead = resolve;
      this.#rejectHead = reject;
    });
  }

  onConnect(cutOff: (error?: Error) => void): void {
    this.#cutOff = cutOff;
    if (this.#state === 'failed') {
      cutOff(new Error('no longer wanted'));
      return;
    }
    this.#headClock.start();
  }

  onHeaders(status: number, fields: readonly Buffer[]): boolean {
    // Interim answers (1xx) only announce the one that counts.
    if (status >= 200 && this.#state === 'waiting') this.#open(status, fields);
    return true;
  }

  #open(status: number, fields: readonly Buffer[]): void {
    this.#headClock.stop();
    const { what, method, connection } = this.#settings;
    let head: ResponseHead;
    try {
      head = responseHead(method, status, fields, connection.headStrings);
    } catch (error) {
      const line = `${what}: the body's end can't be told: ${asError(error).message}`;
      this.abort(new Failure('LENGTH_MISMATCH', line));
      return;
    }
    this.#state = 'open';
    this.answered = true;
    this.#bodiless = !mayHaveBody(method, status);
    this.#declaredBytes = this.#bodiless ? 0 : head.length;
    this.#drainable = (this.#declaredBytes ?? 0) <= DRAINED_BYTES && head.framing !== 'close';
    this.#resolveHead(head);
  }

  onData(chunk: Uint8Array): boolean {
    if (this.#state === 'open') this.#take(chunk);
    return true;
  }

  #take(chunk: Uint8Array): void {
    this.#receivedBytes += chunk.length;
    if (this.#discarding) {
      if (this.#receivedBytes > DRAINED_BYTES) this.abort(new Error('the unread body is too long'));
      else this.#startIdle();
      return;
    }
    if (this.#straight?.isOpen === true) {
      if (this.#straight.hand(chunk)) this.#waitOn();
      else this.#wakeReader();
      return;
    }
    this.#queue.push(chunk);
    if (this.#queue.isFull) this.#settings.connection.hold();
    this.#wakeReader();
  }

  onComplete(): void {
    if (this.#state !== 'open') return;
    if (this.#declaredBytes !== undefined && this.#declaredBytes !== this.#receivedBytes) {
      this.#fail(this.#bodyFailure(new Error('the connection ended as if nothing were missing')));
      return;
    }
    this.#reusable = true;
    this.#state = 'ended';
    this.#settle();
  }

  onError(error: Error): void {
    if (this.#isOver()) return;
    if (this.#bodiless) {
      // The answer is complete with its head; undici misses the bytes that a 304 declares.
      this.#state = 'ended';
      this.#settle();
      return;
    }
    this.networkError = error;
    const { what, maxHeaderBytes: most } = this.#settings;
    this.#fail(this.#state === 'open' ? this.#bodyFailure(error) : headFailure(what, error, most));
  }

  /** Ends the exchange at once, for `reason`; without effect when it is over. */
  abort(reason: unknown): void {
    if (this.#isOver()) return;
    this.#fail(reason);
    this.#cutOff?.(asError(reason));
  }

  bytes(limit: number): Promise<Uint8Array> {
    // Most small bodies came with their head.
    const isHere = this.#state === 'ended' && this.#receivedBytes <= limit;
    if (!isHere || this.#claimed) return this.#collect(limit);
    this.#claimed = true;
    return Promise.resolve(this.#queue.joined());
  }

  async #collect(limit: number): Promise<Uint8Array> {
    this.#claim();
    this.#queue.limitBytes = limit;
    const { what } = this.#settings;
    refuseLonger(what, this.#declaredBytes, limit);
    while (this.#state === 'open') {
      refuseLonger(what, this.#receivedBytes, limit);
      await this.#more();
    }
    if (this.#state === 'failed') throw this.#failure;
    refuseLonger(what, this.#receivedBytes, limit);
    return this.#queue.joined();
  }

  lendTo(sink: BodySink): Promise<number> {
    // Behind a body of undeclared length there may be fields, of which the parser keeps pieces.
    if (this.#declaredBytes !== undefined) {
      this.#straight = new StraightWay(sink, this.#settings.connection);
    }
    return this.pipeTo(sink);
  }

  async pipeTo(sink: BodySink): Promise<number> {
    this.#claim();
    for (;;) {
      if (this.#state === 'failed') throw this.#failure;
      const chunk = this.#queue.shift();
      if (chunk !== undefined) {
        const busy = sink(chunk);
        if (busy !== undefined) await busy;
      } else if (this.#state === 'ended') {
        return this.#receivedBytes;
      } else {
        await this.#more();
        if (this.#straight !== undefined) await this.#straight.taken();
      }
    }
  }

  /**
   * Called once the reader is done, whatever it read: a short rest is read away, a longer one cut off.
   * @returns whether the connection can serve another request; undefined: `onSettled` hears of it.
   */
  finish(): boolean | undefined {
    if (this.#state === 'open' && this.#drainable) {
      this.#discarding = true;
      this.#queue.clear();
      this.#startIdle();
      this.#settings.connection.letGo();
    } else if (this.#state === 'open' || this.#state === 'waiting') {
      this.abort(new Error('the rest of the answer is not wanted'));
    }
    return this.#isOver() ? this.#reusable : undefined;
  }

  #isOver(): boolean {
    return this.#state === 'ended' || this.#state === 'failed';
  }

  #claim(): void {
    if (this.#claimed) throw new Error(`${this.#settings.what}: the body was read before`);
    this.#claimed = true;
  }

  /** Waits for the network: the next chunk, the end, or a failure. */
  async #more(): Promise<void> {
    const before = this.#receivedBytes;
    this.#settings.connection.letGo();
    if (this.#state !== 'open' || this.#receivedBytes > before) return;
    this.#crawl ??= new CrawlWatch(this.#settings.crawl ?? CRAWL_FLOOR, steadyNowMs);
    this.#crawl.begin();
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      this.#straight?.open();
      this.#startIdle();
    });
    this.#judgePace();
  }

  /** One wait is over, and the next begins. */
  #waitOn(): void {
    this.#startIdle();
    this.#judgePace();
    this.#crawl?.begin();
  }

  #judgePace(): void {
    const slow = this.#crawl?.end(this.#receivedBytes);
    if (slow === undefined) return;
    this.abort(new Failure('ORIGIN_TIMEOUT', `${this.#settings.what}: ${slow}`));
  }

  #wakeReader(): void {
    this.#straight?.close();
    this.#wake?.();
    this.#wake = undefined;
  }

  #startIdle(): void {
    this.#settings.connection.deadline.set(this.#settings.idleMs, this);
  }

  onDeadline(): void {
    const before = this.#receivedBytes;
    const waiting = this.#wake;
    if (waiting === undefined && !this.#discarding) return;
    // Timers run before sockets are read: after a blocked loop the chunk may be there already.
    setImmediate(() => {
      if (this.#state !== 'open' || this.#wake !== waiting) return;
      if (this.#receivedBytes > before) return;
      this.abort(stalledFailure(this.#settings.what, this.#settings.idleMs, before));
    });
  }

  #bodyFailure(error: Error): Failure {
    return bodyFailure(this.#settings.what, error, this.#receivedBytes, this.#declaredBytes);
  }

  #fail(failure: unknown): void {
    this.#state = 'failed';
    this.#failure = failure;
    this.#rejectHead(failure);
    this.#settle();
  }

  #settle(): void {
    this.#headClock.stop();
    this.#settings.connection.deadline.clear(this);
    // The next answer on this connection is for somebody else.
    this.#settings.connection.forgetHold();
    this.#wakeReader();
    this.onSettled?.(this.#reusable);
  }
}
