import type { BodyMemory, ReservedMemory } from '../model/body-memory.ts';
import { IdlePieces } from './idle-pieces.ts';
import { SharedPieces } from './shared-pieces.ts';

/** What a body of unknown length gets at first: most pages, scripts and small images fit. */
const BEGIN_BYTES = 256 * 1024;

/** Beginnings take no more than one byte in so many of the budget. */
const BEGIN_SHARE = 8;

/** A word of memory: what is behind each piece, which does not count, for it to begin within one. */
const SPARE_BYTES = 8;

/** How a budget stands. */
export interface ByteUsage {
  readonly reservedBytes: number;
  /** The most that was ever reserved at once. */
  readonly peakBytes: number;
  /** Bytes of the pieces that somebody has, or that are kept for somebody. */
  readonly allocatedBytes: number;
  readonly waiting: number;
}

/** A budget of bodies in flight that can be looked at. */
export interface ByteBudget extends BodyMemory {
  usage(): ByteUsage;
}

type Kind = 'whole' | 'begin';

interface Waiter {
  readonly kind: Kind;
  readonly bytes: number;
  /** Order of arrival. */
  readonly turn: number;
  grant: (memory: ReservedMemory) => void;
}

/**
 * A budget of `totalBytes` for the bodies in flight of one process; {@link BodyMemory} tells why
 * nobody waits for ever.
 *
 * Whoever comes while others wait, waits behind them: a small one never overtakes a large one,
 * which could starve it. There is one exception. Beginnings that wait for other beginnings let pass
 * what came after them, because those others may be standing there, for more.
 *
 * A reservation above the limit counts as the limit, and that is granted as soon as no other whole
 * one is left, because beginnings have a share beside the limit and never more than that.
 */
class Budget implements ByteBudget {
  readonly limitBytes: number;
  readonly #totalBytes: number;
  readonly #beginBytes: number;
  readonly #idle = new IdlePieces();
  readonly #shared: SharedPieces;
  readonly #waiting: Readonly<Record<Kind, Set<Waiter>>> = { whole: new Set(), begin: new Set() };
  readonly #reserved: Record<Kind, number> = { whole: 0, begin: 0 };
  /** Of those who would rather give up what they hold than keep others waiting. */
  readonly #offers = new Set<() => Promise<void>>();
  #takesOffer = false;
  #usedBytes = 0;
  #peakBytes = 0;
  #turns = 0;

  constructor(totalBytes: number, sharedBytes: number) {
    const share = Math.floor(totalBytes / BEGIN_SHARE);
    this.#totalBytes = totalBytes;
    this.#shared = new SharedPieces(sharedBytes);
    this.limitBytes = totalBytes - share;
    this.#beginBytes = Math.min(BEGIN_BYTES, share);
  }

  reserve(bytes: number, signal: AbortSignal): ReservedMemory | Promise<ReservedMemory> {
    return this.#take('whole', bytes, signal);
  }

  begin(signal: AbortSignal): ReservedMemory | Promise<ReservedMemory> {
    return this.#take('begin', this.#beginBytes, signal);
  }

  onWanted(giveUp: () => Promise<void>): () => void {
    const offer = async (): Promise<void> => giveUp();
    this.#offers.add(offer);
    this.#takeOffer();
    return () => {
      this.#offers.delete(offer);
    };
  }

  usage(): ByteUsage {
    return {
      reservedBytes: this.#reservedBytes,
      peakBytes: this.#peakBytes,
      allocatedBytes: this.#usedBytes + this.#idle.bytes,
      waiting: this.#waitingCount,
    };
  }

  get #waitingCount(): number {
    return this.#waiting.whole.size + this.#waiting.begin.size;
  }

  get #reservedBytes(): number {
    return this.#reserved.whole + this.#reserved.begin;
  }

  #take(kind: Kind, bytes: number, signal: AbortSignal): ReservedMemory | Promise<ReservedMemory> {
    signal.throwIfAborted();
    // Mostly there is room for who comes, and no line.
    const mayPass = kind === 'whole' || this.#mayBegin;
    if (this.#waitingCount === 0 && mayPass && this.#hasRoom(bytes)) {
      return this.#granted(kind, bytes);
    }
    this.#turns += 1;
    const now: { granted?: ReservedMemory } = {};
    const waiter: Waiter = {
      kind,
      bytes,
      turn: this.#turns,
      grant: (memory) => {
        now.granted = memory;
      },
    };
    this.#waiting[kind].add(waiter);
    this.#serve();
    return now.granted ?? this.#wait(waiter, signal);
  }

  async #wait(waiter: Waiter, signal: AbortSignal): Promise<ReservedMemory> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting[waiter.kind].delete(waiter);
        reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
        this.#serve();
      };
      waiter.grant = (memory) => {
        signal.removeEventListener('abort', leave);
        resolve(memory);
      };
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  /** Grants in turn what fits. */
  #serve(): void {
    if (this.#waitingCount === 0) return;
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const { kind, bytes } = next;
      if (!this.#hasRoom(bytes)) break;
      this.#waiting[kind].delete(next);
      next.grant(this.#granted(kind, bytes));
    }
    this.#takeOffer();
  }

  /** Takes one offer at a time, the oldest first, until nobody waits any more. */
  #takeOffer(): void {
    const [offer] = this.#offers;
    if (offer === undefined || this.#takesOffer || this.#waitingCount === 0) return;
    this.#offers.delete(offer);
    this.#takesOffer = true;
    const goOn = (): void => {
      this.#takesOffer = false;
      this.#takeOffer();
    };
    offer().then(goOn, goOn);
  }

  /** Whose turn it is. */
  #next(): Waiter | undefined {
    const [whole] = this.#waiting.whole;
    const [begin] = this.#waiting.begin;
    if (begin === undefined || !this.#mayBegin) return whole;
    return whole === undefined || begin.turn < whole.turn ? begin : whole;
  }

  get #mayBegin(): boolean {
    const shareBytes = this.#totalBytes - this.limitBytes;
    return this.#reserved.begin + this.#beginBytes <= shareBytes;
  }

  #hasRoom(bytes: number): boolean {
    return this.#reservedBytes + this.#counted(bytes) <= this.#totalBytes;
  }

  #counted(bytes: number): number {
    return Math.min(bytes, this.limitBytes);
  }

  #granted(kind: Kind, bytes: number): ReservedMemory {
    this.#reserved[kind] += this.#counted(bytes);
    this.#peakBytes = Math.max(this.#peakBytes, this.#reservedBytes);
    // What is kept for later has to go where it stands in the way, unless it is just what is wanted.
    const kept = this.#idle.take(bytes);
    this.#idle.shrinkTo(this.#totalBytes - this.#reservedBytes);
    if (kept !== undefined) this.#usedBytes += bytes;
    return this.#reservation(kind, bytes, kept);
  }

  #block(bytes: number, use: 'shared' | undefined): Uint8Array {
    return use === 'shared' ? this.#shared.take(bytes) : Buffer.allocUnsafeSlow(bytes);
  }

  #reservation(kind: Kind, bytes: number, kept: Uint8Array | undefined): ReservedMemory {
    let block = kept;
    let piece: Uint8Array | undefined;
    let touched = false;
    let over = false;
    const end = (reusable: boolean): void => {
      if (over) return;
      over = true;
      this.#reserved[kind] -= this.#counted(bytes);
      if (block !== undefined) {
        this.#usedBytes -= bytes;
        if (bytes <= this.limitBytes && (reusable || !touched)) this.#idle.keep(bytes, block);
      }
      block = undefined;
      piece = undefined;
      this.#serve();
    };
    return {
      piece: (use, source) => {
        if (over) throw new Error('memory was used after it had been given back');
        touched = true;
        if (block === undefined) {
          this.#usedBytes += bytes;
          block = this.#block(bytes + SPARE_BYTES, use);
        }
        const from = (source?.byteOffset ?? 0) % SPARE_BYTES;
        piece ??= block.subarray(from, from + bytes);
        return piece;
      },
      release: () => {
        end(false);
      },
      recycle: () => {
        end(true);
      },
    };
  }
}

/**
 * A budget of `totalBytes`, of which nothing is reserved.
 * @param sharedBytes so much of it may be memory that other threads see
 */
export function byteBudget(totalBytes: number, sharedBytes = totalBytes): ByteBudget {
  return new Budget(totalBytes, sharedBytes);
}
