import type { StoredResult } from '../../model/checkpoint.ts';
import type { SkipReason } from '../../model/event.ts';
import { type FailuresOfClass, FailureTally } from './failure-tally.ts';
import { Heaviest } from './heaviest.ts';
import { keyText } from './key-text.ts';
import { type OriginFigures, OriginTally } from './origin-tally.ts';
import { outcomeFields } from './outcome-fields.ts';
import { type Spans, Timeline } from './timeline.ts';

/** Fine enough to tell the last hundredth of a run apart. */
const MOST_SPANS = 2000;
/** More bars than that can't be told apart. */
const MOST_BARS = 200;
const MOST_SLOW = 20;
/** The tail is the time that the last of so many objects took. */
const TAIL_SHARE = 0.01;
/** Of fewer objects a hundredth is none. */
const LEAST_WITH_TAIL = 100;

type Outcome = StoredResult['outcome'];

/** An object that took long. */
export interface SlowObject {
  readonly key: string;
  readonly outcome: Outcome;
  readonly origin: string | undefined;
  readonly bytes: number | undefined;
  readonly elapsedMs: number;
}

/** How long the last of a run's objects took. */
export interface Tail {
  readonly share: number;
  readonly ms: number;
  /** From the run's first outcome to its last. */
  readonly ofMs: number;
}

/** What a job's outcomes come to. */
export interface RunFigures {
  /** How many outcomes there are lines of. */
  readonly lines: number;
  /** How many of those are of runs before the last one. */
  readonly earlier: number;
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
  /** Stored. */
  readonly bytes: number;
  readonly skipped: Readonly<Partial<Record<SkipReason, number>>>;
  readonly failures: readonly FailuresOfClass[];
  readonly origins: readonly OriginFigures[];
  /** The slowest first. */
  readonly slowest: readonly SlowObject[];
  /** Of the last run alone. */
  readonly timeline: Spans;
  readonly firstMs: number | undefined;
  readonly lastMs: number | undefined;
  readonly tail: Tail | undefined;
}

/** Takes a job's outcomes one by one and holds no more of them than it shows. */
export class RunTally {
  readonly #startedMs: number;
  readonly #failures = new FailureTally();
  readonly #origins = new OriginTally();
  readonly #slowest = new Heaviest<SlowObject>(MOST_SLOW);
  readonly #timeline = new Timeline(MOST_SPANS);
  readonly #outcomes: Partial<Record<Outcome, number>> = {};
  readonly #skipped: Partial<Record<SkipReason, number>> = {};
  #lines = 0;
  #earlier = 0;
  #bytes = 0;

  /** @param startedMs when the last run began; undefined: nobody knows, and all is one run */
  constructor(startedMs: number | undefined) {
    this.#startedMs = startedMs ?? Number.NEGATIVE_INFINITY;
  }

  add(result: StoredResult): void {
    const { outcome } = result;
    const { bytes = 0, origin, elapsedMs } = outcomeFields(result);
    this.#lines += 1;
    this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + 1;
    this.#bytes += bytes;
    this.#place(result, bytes);
    if (result.outcome === 'failed') this.#failures.add(result);
    if (result.outcome === 'skipped') {
      this.#skipped[result.reason] = (this.#skipped[result.reason] ?? 0) + 1;
    }
    if (origin !== undefined && (outcome === 'copied' || outcome === 'failed')) {
      this.#origins.add(origin, outcome, bytes, elapsedMs);
    }
    if (elapsedMs !== undefined) {
      this.#slowest.add(elapsedMs, () => slowObject(result, elapsedMs));
    }
  }

  get figures(): RunFigures {
    const extent = this.#timeline.extent;
    return {
      lines: this.#lines,
      earlier: this.#earlier,
      outcomes: this.#outcomes,
      bytes: this.#bytes,
      skipped: this.#skipped,
      failures: this.#failures.classes,
      origins: this.#origins.origins,
      slowest: this.#slowest.items,
      timeline: this.#timeline.coarser(MOST_BARS),
      firstMs: extent?.firstMs,
      lastMs: extent?.lastMs,
      tail: this.#tail(),
    };
  }

  #place({ time, outcome }: StoredResult, bytes: number): void {
    const timeMs = Date.parse(time);
    if (timeMs < this.#startedMs) {
      this.#earlier += 1;
      return;
    }
    this.#timeline.add(timeMs, { objects: 1, failed: outcome === 'failed' ? 1 : 0, bytes });
  }

  #tail(): Tail | undefined {
    const { extent } = this.#timeline;
    const doneMs = this.#timeline.doneByMs(1 - TAIL_SHARE);
    if (extent === undefined || doneMs === undefined) return undefined;
    if (this.#lines - this.#earlier < LEAST_WITH_TAIL) return undefined;
    const { firstMs, lastMs } = extent;
    return { share: TAIL_SHARE, ms: lastMs - doneMs, ofMs: lastMs - firstMs };
  }
}

function slowObject(result: StoredResult, elapsedMs: number): SlowObject {
  const { outcome, origin, bytes } = outcomeFields(result);
  return { key: keyText(result), outcome, origin, bytes, elapsedMs };
}
