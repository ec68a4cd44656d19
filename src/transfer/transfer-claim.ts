import type { ClaimHolder } from '../model/claims.ts';
import { lendBody } from '../model/lend-body.ts';
import type { OriginAnswer, OriginHead } from '../model/origin.ts';
import type { BodySink } from '../model/ports.ts';
import type { Transfer } from './transfer.ts';

/** Ends a transfer whose key another process is at work on; its caller learns it as an outcome. */
export class KeyHeld extends Error {
  override readonly name = 'KeyHeld';
  readonly by: ClaimHolder;

  constructor(by: ClaimHolder) {
    super(`${by.owner} fetches the key`);
    this.by = by;
  }
}

/**
 * One transfer's claim of its key, among all processes on the bucket. It is taken with the head of a
 * large body, not before: nobody waits for one who waits for a turn. A body of undeclared length is
 * large for who taps it, because what its clients had can't be taken back; for others from the
 * moment on at which it is, so that small ones cost nothing.
 */
export class TransferClaim {
  readonly #transfer: Transfer;
  #taken = false;

  constructor(transfer: Transfer) {
    this.#transfer = transfer;
  }

  /** The key is this transfer's. */
  get taken(): boolean {
    return this.#taken;
  }

  /** Claims the key where the body that is about to be taken is large. @throws KeyHeld */
  beforeTaking({ length }: OriginHead): Promise<void> | undefined {
    const unknown = this.#transfer.tap === undefined ? 0 : Infinity;
    return this.#isLarge(length ?? unknown) ? this.#take() : undefined;
  }

  /**
   * The answer with a body that claims the key once it is large, where none was claimed by then.
   * @param receivedBytes of the object, but for the chunk that is on its way
   */
  growing(answer: OriginAnswer, receivedBytes: () => number): OriginAnswer {
    const { claims, tap } = this.#transfer;
    if (this.#taken || claims === undefined || tap !== undefined) return answer;
    const claiming =
      (sink: BodySink): BodySink =>
      (chunk) => {
        if (this.#taken || !this.#isLarge(receivedBytes() + chunk.length)) return sink(chunk);
        return this.#take().then(() => sink(chunk));
      };
    return {
      head: answer.head,
      bytes: (limit) => answer.bytes(limit),
      pipeTo: (sink) => answer.pipeTo(claiming(sink)),
      lendTo: (sink) => lendBody(answer, claiming(sink)),
    };
  }

  /** Nobody else needs to wait for it any more; where nothing was claimed, does nothing. */
  async release(): Promise<void> {
    if (!this.#taken) return;
    this.#taken = false;
    await this.#transfer.claims?.release(this.#transfer.entry.key);
  }

  #isLarge(bytes: number): boolean {
    return bytes >= this.#transfer.store.multipart.thresholdBytes;
  }

  async #take(): Promise<void> {
    if (this.#taken) return;
    const { claims, entry } = this.#transfer;
    if (claims === undefined) return;
    const by = await claims.claim(entry.key);
    if (by !== undefined) throw new KeyHeld(by);
    this.#taken = true;
  }
}
