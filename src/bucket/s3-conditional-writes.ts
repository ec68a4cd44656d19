import type { BucketSettings } from '../model/rule.ts';

/** Asks the store whether it honours `If-None-Match: *`. */
export type AskForConditionalWrites = (signal: AbortSignal) => Promise<boolean>;

/**
 * Whether writes of this bucket may say `If-None-Match: *`. With `always` and `never` that is
 * settled; with `auto` the store is asked once, by the start check or by the first write that wants
 * to know, and the answer is remembered. An asking that fails is no answer: the next write asks again.
 */
export class S3ConditionalWrites {
  readonly mode: BucketSettings['conditionalWrites'];
  readonly #ask: AskForConditionalWrites;
  #known: boolean | undefined;
  #asking: { readonly answer: Promise<boolean>; readonly signal: AbortSignal } | undefined;

  constructor(mode: BucketSettings['conditionalWrites'], ask: AskForConditionalWrites) {
    this.mode = mode;
    this.#ask = ask;
    this.#known = mode === 'auto' ? undefined : mode === 'always';
  }

  /** What is known without asking; undefined before anybody asked. */
  get known(): boolean | undefined {
    return this.#known;
  }

  /** Takes what the start check found out. */
  remember(supported: boolean): void {
    this.#known = supported;
  }

  /** @throws what asking throws; the signal's reason. */
  async supported(signal: AbortSignal): Promise<boolean> {
    for (;;) {
      if (this.#known !== undefined) return this.#known;
      signal.throwIfAborted();
      const asking = (this.#asking ??= { answer: this.#ask(signal), signal });
      try {
        this.#known = await asking.answer;
      } catch (error) {
        // Whoever asked may have been told to stop; those who only waited ask themselves.
        if (!asking.signal.aborted || signal.aborted) throw error;
      } finally {
        if (this.#asking === asking) this.#asking = undefined;
      }
    }
  }
}
