import { Interrupted } from '../model/failure.ts';
import { Fill, type FillWork } from './fill.ts';

/** How many ended fills are remembered: of more than this nobody can still have asked the bucket. */
const MOST_REMEMBERED = 10_000;

/** A fill, and whether this call began it. */
export interface JoinedFill {
  readonly fill: Fill;
  readonly joined: boolean;
  /** Whoever took it is done with it. */
  readonly leave: () => void;
}

/** A fill with those who took it. */
interface Entry {
  readonly fill: Fill;
  users: number;
  isOver: boolean;
}

/** A fetch under way. */
interface UnderWay {
  /** Settles, without failing, when it is over. */
  readonly over: Promise<unknown>;
  cancel(reason: unknown): void;
}

/**
 * The fills under way, one for each object that is wanted: a key, with what of the clients'
 * requests goes along. Who comes while one is under way joins it, unless it is being ended.
 */
export class Fills {
  /** Those that can be joined. */
  readonly #open = new Map<string, Entry>();
  /** Those that are not over. */
  readonly #underWay = new Set<UnderWay>();
  /** Of each object that was stored lately, the count of ended fills at that time. */
  readonly #stored = new Map<string, number>();
  #ended = 0;
  readonly #signal: AbortSignal;

  /** @param signal ends all of them */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
    // A signal of each that follows this one takes more time than most of what else a fill does.
    const endAll = (): void => {
      for (const one of this.#underWay) one.cancel(signal.reason);
    };
    signal.addEventListener('abort', endAll, { once: true });
  }

  get count(): number {
    return this.#underWay.size;
  }

  /** A moment, for {@link Fills.storedSince}. */
  get now(): number {
    return this.#ended;
  }

  /** Whether the object was stored since: then a bucket that lacked it before has it. */
  storedSince(id: string, moment: number): boolean {
    return (this.#stored.get(id) ?? -1) > moment;
  }

  /**
   * The fill of that object, begun if there is none.
   * @param lasts it goes on when all who took it have left
   */
  join(id: string, work: () => FillWork, lasts: boolean): JoinedFill {
    const there = this.#open.get(id);
    const entry = there ?? this.#begin(id, new Fill(work(), this.#stop()));
    entry.users += 1;
    let left = false;
    const leave = (): void => {
      if (left) return;
      left = true;
      entry.users -= 1;
      if (entry.users > 0) return;
      if (entry.isOver) entry.fill.release();
      else if (!lasts) this.#cancel(id, entry);
    };
    return { fill: entry.fill, joined: there !== undefined, leave };
  }

  /** Carries out a fetch that nobody joins: it is counted, waited for and ended as fills are. */
  async beside<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const stop = this.#stop();
    const made = work(stop.signal);
    const entry: UnderWay = {
      over: made.catch(() => undefined),
      cancel: (reason) => {
        stop.abort(reason);
      },
    };
    this.#underWay.add(entry);
    try {
      return await made;
    } finally {
      this.#underWay.delete(entry);
    }
  }

  /** Whether a fill of that object is under way. */
  has(id: string): boolean {
    return this.#open.has(id);
  }

  /** Ends what is under way. */
  cancelAll(): void {
    for (const fill of this.#underWay) fill.cancel(new Interrupted('the proxy stops'));
  }

  /** Resolves when the fills that are under way now are over. */
  async underWayNow(): Promise<void> {
    await Promise.all([...this.#underWay].map(({ over }) => over));
  }

  /** Resolves when no fill is under way any more. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) {
      await Promise.all([...this.#underWay].map(({ over }) => over));
    }
  }

  /** What ends one of them. */
  #stop(): AbortController {
    const stop = new AbortController();
    if (this.#signal.aborted) stop.abort(this.#signal.reason);
    return stop;
  }

  #begin(id: string, fill: Fill): Entry {
    const entry = { fill, users: 0, isOver: false };
    this.#open.set(id, entry);
    this.#underWay.add(fill);
    fill.whenOver(({ outcome }) => {
      this.#close(id, entry);
      this.#underWay.delete(fill);
      entry.isOver = true;
      // Who took it may be about to read it still.
      if (entry.users === 0) fill.release();
      this.#ended += 1;
      if (outcome === 'copied' || outcome === 'skipped') this.#remember(id);
    });
    return entry;
  }

  #cancel(id: string, entry: Entry): void {
    this.#close(id, entry);
    entry.fill.cancel(new Interrupted('every client left'));
  }

  /** Nobody joins it any more; another of the same object may be there by now. */
  #close(id: string, entry: Entry): void {
    if (this.#open.get(id) === entry) this.#open.delete(id);
  }

  #remember(id: string): void {
    this.#stored.delete(id);
    this.#stored.set(id, this.#ended);
    const [oldest] = this.#stored.keys();
    if (this.#stored.size > MOST_REMEMBERED && oldest !== undefined) this.#stored.delete(oldest);
  }
}
