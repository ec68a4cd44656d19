import type { BodySink } from '../../model/ports.ts';
import type { SpoolContent } from './spool-content.ts';
import { SpoolReader } from './spool-reader.ts';
import { SpoolWaiters } from './spool-waiters.ts';
import type { Spool, SpoolRange } from './spool.ts';

/**
 * It is `filling` until it is `passed` or `void`, and void as well where everybody released it
 * before. Its content is discarded when it is void, or released by everybody.
 */
export class SpooledBody implements Spool {
  readonly #content: SpoolContent;
  readonly #onGone: () => void;
  readonly #waiters = new SpoolWaiters();
  readonly #readers = new Set<SpoolReader>();
  #state: 'filling' | 'passed' | 'void' = 'filling';
  #error: unknown;
  #isWriting = false;
  #holds = 0;
  #isReleased = false;

  /** @param onGone called when everybody released it and nothing of it is left. */
  constructor(content: SpoolContent, onGone: () => void) {
    this.#content = content;
    this.#onGone = onGone;
  }

  get receivedBytes(): number {
    return this.#content.length;
  }

  readonly write = (chunk: Uint8Array): void | Promise<void> => {
    this.#assertFilling();
    if (this.#isWriting) throw new Error('a spool was written to before it had taken what came');
    const taken = this.#append(chunk);
    return taken === chunk.length ? undefined : this.#appendRest(chunk.subarray(taken));
  };

  pass(): void {
    if (this.#state !== 'filling') return;
    if (this.#isWriting) throw new Error('a spool was passed before it had taken what came');
    this.#state = 'passed';
    this.#waiters.arrive(Infinity);
  }

  fail(error: unknown): void {
    if (this.#state !== 'filling') return;
    this.#state = 'void';
    this.#error = error;
    for (const reader of this.#readers) reader.stop(error);
    this.#discard(() => undefined);
  }

  async pipeTo(
    sink: BodySink,
    { from, to = Infinity }: SpoolRange,
    signal: AbortSignal,
  ): Promise<number> {
    return this.#readBy(signal, async (reader) => {
      for (let at = from; ;) {
        const end = Math.min(await this.#comeTo(Math.min(at + 1, to), reader), to);
        reader.throwIfStopped();
        if (end <= at) return at - from;
        const chunk = await this.#content.read(at, end);
        reader.throwIfStopped();
        at += chunk.length;
        const busy = sink(chunk);
        if (busy !== undefined) await reader.wait(busy);
      }
    });
  }

  async reached(bytes: number, signal: AbortSignal): Promise<number> {
    return this.#readBy(signal, (reader) => this.#comeTo(bytes, reader));
  }

  hold(): () => void {
    if (this.#isReleased) throw new Error('a spool was used after everybody had released it');
    this.#holds += 1;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#holds -= 1;
      if (this.#holds === 0) this.#release();
    };
  }

  /** What readers may have. */
  get #readableBytes(): number {
    return this.#state === 'passed' ? this.receivedBytes : Math.max(0, this.receivedBytes - 1);
  }

  #assertFilling(): void {
    if (this.#state === 'void') throw this.#error;
    if (this.#state === 'passed') throw new Error('a spool was written to behind the body’s end');
  }

  /** Takes what there is room for; gives that number of bytes. */
  #append(chunk: Uint8Array): number {
    const taken = this.#content.append(chunk);
    this.#waiters.arrive(this.#readableBytes);
    return taken;
  }

  async #appendRest(chunk: Uint8Array): Promise<void> {
    this.#isWriting = true;
    try {
      for (let rest = chunk; rest.length > 0; rest = rest.subarray(this.#append(rest))) {
        await this.#content.makeRoom();
        this.#assertFilling();
      }
    } catch (error) {
      this.fail(error);
      throw this.#error;
    } finally {
      this.#isWriting = false;
    }
  }

  /** Runs `read` for a reader, who holds the spool meanwhile. */
  async #readBy<T>(signal: AbortSignal, read: (reader: SpoolReader) => Promise<T>): Promise<T> {
    if (this.#holds === 0) throw new Error('a spool was read that nobody holds');
    const release = this.hold();
    const reader = new SpoolReader(signal);
    this.#readers.add(reader);
    if (this.#state === 'void') reader.stop(this.#error);
    try {
      return await read(reader);
    } finally {
      this.#readers.delete(reader);
      reader.end();
      release();
    }
  }

  /** Waits until so many bytes may be read or the body ended; gives how many may be. */
  async #comeTo(bytes: number, reader: SpoolReader): Promise<number> {
    reader.throwIfStopped();
    if (this.#state === 'filling' && this.#readableBytes < bytes) {
      const wait = this.#waiters.wait(bytes);
      try {
        await reader.wait(wait.arrived);
      } catch (error) {
        wait.leave();
        throw error;
      }
    }
    return this.#readableBytes;
  }

  #release(): void {
    this.#isReleased = true;
    if (this.#state === 'filling') {
      this.fail(new Error('the spool was released by everybody before its body had come'));
    }
    this.#discard(this.#onGone);
  }

  #discard(onGone: () => void): void {
    this.#content.discard().then(onGone, onGone);
  }
}
