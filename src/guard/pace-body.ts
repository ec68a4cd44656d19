import { Failure } from '../model/failure.ts';
import { lendBody } from '../model/lend-body.ts';
import type { OriginAnswer, OriginHead } from '../model/origin.ts';
import type { BodySink } from '../model/ports.ts';

/** Told of a body's bytes before they are passed on; what it returns is waited for. */
export type OnBodyBytes = (bytes: number) => Promise<void> | undefined;

/**
 * Passes an answer on, and each piece of its body only after `onBytes` agreed. A body that is asked
 * for as one buffer is taken piece by piece as well. To whatever is inside the time that `onBytes`
 * takes is its reader's, so it is never the origin's idle time.
 */
export function paceBody(answer: OriginAnswer, onBytes: OnBodyBytes): OriginAnswer {
  return new PacedBody(answer, onBytes);
}

class PacedBody implements OriginAnswer {
  readonly head: OriginHead;
  readonly #answer: OriginAnswer;
  readonly #onBytes: OnBodyBytes;

  constructor(answer: OriginAnswer, onBytes: OnBodyBytes) {
    this.head = answer.head;
    this.#answer = answer;
    this.#onBytes = onBytes;
  }

  pipeTo(sink: BodySink): Promise<number> {
    return this.#answer.pipeTo((chunk) => this.#hand(chunk, sink));
  }

  lendTo(sink: BodySink): Promise<number> {
    return lendBody(this.#answer, (chunk) => this.#hand(chunk, sink));
  }

  #hand(chunk: Uint8Array, sink: BodySink): void | Promise<void> {
    const wait = this.#onBytes(chunk.length);
    return wait === undefined ? sink(chunk) : wait.then(() => sink(chunk));
  }

  bytes(limit: number): Promise<Uint8Array> {
    const { head } = this;
    // The answer itself refuses, in its own words, what is known to be too long.
    if (head.length !== undefined && head.length > limit) return this.#answer.bytes(limit);
    const chunks: Uint8Array[] = [];
    let received = 0;
    const piping = this.pipeTo((chunk) => {
      received += chunk.length;
      if (received > limit) {
        const why = `GET ${head.url}: the body has ${received} bytes or more, expected at most ${limit}`;
        throw new Failure('LENGTH_MISMATCH', why, { origin: head.origin });
      }
      chunks.push(chunk);
    });
    return piping.then(() => joined(chunks, received));
  }
}

function joined(chunks: readonly Uint8Array[], bytes: number): Uint8Array {
  const [only] = chunks;
  if (only !== undefined && chunks.length === 1) return only;
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
