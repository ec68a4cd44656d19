const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Each is a whole multiple of the one before, so spans join without being cut. */
const WIDTHS_MS = [
  ...[SECOND_MS, 5 * SECOND_MS, 15 * SECOND_MS],
  ...[MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS],
  ...[HOUR_MS, 6 * HOUR_MS, DAY_MS, 7 * DAY_MS, 28 * DAY_MS],
];

/** What was done in one span of time. */
export interface Span {
  readonly startMs: number;
  readonly objects: number;
  readonly failed: number;
  readonly bytes: number;
}

/** Spans of one width, oldest first; those in which nothing was done are left out. */
export interface Spans {
  readonly widthMs: number;
  readonly spans: readonly Span[];
}

/**
 * Counts over time. It begins with spans of a second and joins them whenever there would be more
 * than `most` from the first to the last.
 */
export class Timeline {
  readonly #most: number;
  #width = 0;
  #spans = new Map<number, Span>();
  #first = Number.POSITIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;

  constructor(most: number) {
    this.#most = most;
  }

  add(timeMs: number, counts: Omit<Span, 'startMs'>): void {
    this.#first = Math.min(this.#first, timeMs);
    this.#last = Math.max(this.#last, timeMs);
    this.#put({ startMs: timeMs, ...counts });
    while (this.#isFull()) this.#widen();
  }

  /** The same in fewer spans. */
  coarser(most: number): Spans {
    const copy = new Timeline(most);
    for (const { startMs, ...counts } of this.#spans.values()) copy.add(startMs, counts);
    return copy.spans;
  }

  get spans(): Spans {
    const spans = [...this.#spans.values()].sort((one, other) => one.startMs - other.startMs);
    return { widthMs: this.#widthMs, spans };
  }

  /** The first moment and the last; undefined where there is none. */
  get extent(): { readonly firstMs: number; readonly lastMs: number } | undefined {
    if (this.#spans.size === 0) return undefined;
    return { firstMs: this.#first, lastMs: this.#last };
  }

  /** The moment by which a share of all objects was done, as if each span were even in itself. */
  doneByMs(share: number): number | undefined {
    const { spans } = this.spans;
    const total = spans.reduce((sum, { objects }) => sum + objects, 0);
    let left = share * total;
    for (const { startMs, objects } of spans) {
      if (left <= objects && objects > 0) {
        const from = Math.max(startMs, this.#first);
        const to = Math.min(startMs + this.#widthMs, this.#last);
        return from + Math.max(to - from, 0) * (left / objects);
      }
      left -= objects;
    }
    return undefined;
  }

  get #widthMs(): number {
    return WIDTHS_MS[this.#width] ?? DAY_MS;
  }

  #isFull(): boolean {
    if (this.#width === WIDTHS_MS.length - 1) return false;
    return this.#numberOf(this.#last) - this.#numberOf(this.#first) >= this.#most;
  }

  #numberOf(timeMs: number): number {
    return Math.floor(timeMs / this.#widthMs);
  }

  #widen(): void {
    const before = this.#spans;
    this.#spans = new Map();
    this.#width += 1;
    for (const span of before.values()) this.#put(span);
  }

  #put({ startMs, objects, failed, bytes }: Span): void {
    const number = this.#numberOf(startMs);
    const known = this.#spans.get(number);
    this.#spans.set(number, {
      startMs: number * this.#widthMs,
      objects: objects + (known?.objects ?? 0),
      failed: failed + (known?.failed ?? 0),
      bytes: bytes + (known?.bytes ?? 0),
    });
  }
}
