import { Failure, Interrupted } from '../model/failure.ts';
import type { OriginHead } from '../model/origin.ts';
import { transferObject } from '../transfer/transfer-object.ts';
import { KeyHeld } from '../transfer/transfer-claim.ts';
import type { TransferOutcome } from '../transfer/transfer-outcome.ts';
import type { Transfer } from '../transfer/transfer.ts';
import { unlessAborted } from '../transfer/unless-aborted.ts';
import { behindSpool } from './spool/behind-spool.ts';
import type { Spool } from './spool/spool.ts';
import type { SpoolSpace } from './spool/spool-space.ts';

/** One body of a fill: of one version, from one address. */
export interface Edition {
  /** From 1. */
  readonly number: number;
  readonly head: OriginHead;
  readonly spool: Spool;
  /** Bytes of the body, where they were declared, or have all come. */
  readonly size: () => number | undefined;
  /** Whoever took the edition is done with it; safe to call twice. */
  readonly release: () => void;
}

/** What a fill works with. */
export interface FillWork {
  readonly transfer: Omit<Transfer, 'tap'>;
  readonly spools: SpoolSpace;
  /** What forbids to store an answer that clients get all the same; undefined where nothing does. */
  readonly forbids: (head: OriginHead) => Failure | undefined;
}

/** What became of the fetch and of its storing. */
export type FillEnd = TransferOutcome | { readonly outcome: 'failed'; readonly error: unknown };

/** Thrown to who reads a body that is void: the fetch had to begin again at byte 0. */
export class Voided extends Error {
  override readonly name = 'Voided';
}

const SENT_ANEW = 'the origin broke the body off, and began it anew from its first byte';

/**
 * One whole-object fetch, for however many clients, stored through the commit gate. Clients read
 * its editions. It is
 *
 * - `asking` until an address answers with a body: clients wait for the first edition;
 * - `flowing` while the body comes; where the fetch begins again at byte 0 the edition is void and
 *   the next one flows: who got bytes of the old one can't go on, who got none takes the new one;
 * - `passed` when the gate let the body pass: the edition is whole, and stays so whatever becomes of
 *   its storing;
 * - `held`: another process is at work on the key, so nothing was fetched: whoever waits gets
 *   {@link KeyHeld};
 * - `failed`: whoever waits, or reads what had not passed, gets what the fetch failed with.
 */
export class Fill {
  readonly #waiting = new Set<() => void>();
  readonly #stop: AbortController;
  readonly #work: FillWork;
  #edition: Omit<Edition, 'release' | 'size'> | undefined;
  #letGo: () => void = () => undefined;
  #passed = false;
  #failure: { readonly error: unknown } | undefined;
  /** Settles, without failing, when the fetch and its storing are over. */
  readonly over: Promise<FillEnd>;

  /**
   * Begins the fetch, which goes on until `cancel` ends it.
   * @param stop aborted already where it is to end at once
   */
  constructor(work: FillWork, stop: AbortController) {
    this.#work = work;
    this.#stop = stop;
    this.over = this.#run(stop.signal);
  }

  /** The body is whole. */
  get passed(): boolean {
    return this.#passed;
  }

  /** Calls `listener`, which never throws, when the fetch and its storing are over. */
  whenOver(listener: (end: FillEnd) => void): void {
    this.over.then(listener, () => undefined);
  }

  /** Nobody takes it any more: its own hold of the spool ends. After `over`. */
  release(): void {
    this.#letGo();
  }

  /** Ends the fetch, for one that nobody waits for any more. */
  cancel(reason: unknown): void {
    this.#stop.abort(reason);
  }

  /**
   * The first edition after that of the given number, flowing or passed; held for the caller.
   * @throws what the fetch failed with, or the signal's reason.
   */
  async edition(after: number, signal: AbortSignal): Promise<Edition> {
    for (;;) {
      const edition = this.#edition;
      if (edition !== undefined && edition.number > after) {
        const { head, spool } = edition;
        const size = () => (this.#passed ? spool.receivedBytes : head.length);
        return { ...edition, size, release: spool.hold() };
      }
      if (this.#failure !== undefined) throw this.#failure.error;
      await unlessAborted(new Promise<void>((resolve) => this.#waiting.add(resolve)), signal);
    }
  }

  async #run(signal: AbortSignal): Promise<FillEnd> {
    const { transfer } = this.#work;
    const bucket = behindSpool(transfer.bucket, () => this.#spool());
    const tap = {
      begin: (head: OriginHead) => this.#begin(head),
      write: (chunk: Uint8Array) => this.#spool().write(chunk),
      passed: () => {
        this.#pass();
      },
    };
    try {
      const end = await transferObject({ ...transfer, bucket, tap }, signal);
      if (end.outcome === 'held') this.#fail(new KeyHeld(end.by));
      return end;
    } catch (thrown) {
      const isOurs = signal.aborted && !(thrown instanceof Interrupted);
      const error = isOurs ? new Interrupted(thrown) : thrown;
      this.#fail(error);
      return { outcome: 'failed', error };
    }
  }

  #begin(head: OriginHead): Failure | undefined {
    if (this.#passed) {
      const what = `${this.#work.transfer.entry.key} was fetched anew though it was whole`;
      throw new Failure('INTERNAL', what);
    }
    if (head.length !== undefined) this.#work.spools.admit(head.length);
    if (this.#edition !== undefined) this.#void(new Voided(SENT_ANEW));
    const spool = this.#work.spools.open();
    this.#letGo = spool.hold();
    this.#edition = { number: (this.#edition?.number ?? 0) + 1, head, spool };
    this.#wake();
    return this.#work.forbids(head);
  }

  #spool(): Spool {
    if (this.#edition === undefined) throw new Error('a body that nobody began');
    return this.#edition.spool;
  }

  #pass(): void {
    this.#passed = true;
    this.#spool().pass();
  }

  #void(error: unknown): void {
    this.#edition?.spool.fail(error);
    this.#letGo();
  }

  #fail(error: unknown): void {
    this.#failure = { error };
    if (!this.#passed) {
      this.#void(error);
      this.#edition = undefined;
    }
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}
