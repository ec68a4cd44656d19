import { lendBody } from '../model/lend-body.ts';
import type { OriginAnswer, OriginHead } from '../model/origin.ts';
import type { BodySink } from '../model/ports.ts';

/**
 * Passes an answer on and calls `onBroken` where its body fails by itself. What the sink throws
 * while it takes the body is the consumer's affair and is not told.
 */
export function watchBody(answer: OriginAnswer, onBroken: () => void): OriginAnswer {
  return new WatchedBody(answer, onBroken);
}

class WatchedBody implements OriginAnswer {
  readonly head: OriginHead;
  readonly #answer: OriginAnswer;
  readonly #onBroken: () => void;
  #consumerFailed = false;

  constructor(answer: OriginAnswer, onBroken: () => void) {
    this.head = answer.head;
    this.#answer = answer;
    this.#onBroken = onBroken;
  }

  bytes(limit: number): Promise<Uint8Array> {
    return this.#answer.bytes(limit).catch((error: unknown) => {
      this.#onBroken();
      throw error;
    });
  }

  pipeTo(sink: BodySink): Promise<number> {
    return this.#passed(this.#answer.pipeTo((chunk) => this.#hand(chunk, sink)));
  }

  lendTo(sink: BodySink): Promise<number> {
    return this.#passed(lendBody(this.#answer, (chunk) => this.#hand(chunk, sink)));
  }

  #passed(passing: Promise<number>): Promise<number> {
    return passing.catch((error: unknown) => {
      if (!this.#consumerFailed) this.#onBroken();
      throw error;
    });
  }

  #hand(chunk: Uint8Array, sink: BodySink): Promise<void> | undefined {
    try {
      const taken = sink(chunk);
      // Most sinks take a chunk at once; only those that don't cost a promise more.
      if (!(taken instanceof Promise)) return undefined;
      return taken.catch((error: unknown) => {
        this.#consumerFailed = true;
        throw error;
      });
    } catch (error) {
      this.#consumerFailed = true;
      throw error;
    }
  }
}
