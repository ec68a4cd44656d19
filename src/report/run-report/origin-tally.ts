import { DurationHistogram } from './duration-histogram.ts';

/** Lists may name an address a key; those beyond are counted together. */
const MOST_ORIGINS = 200;
const OTHERS = 'all other origins';

/** What one origin address did. */
export interface OriginFigures {
  readonly origin: string;
  readonly copied: number;
  readonly failed: number;
  readonly bytes: number;
  /** Of whole objects, from being taken up to their outcome; undefined where nobody timed them. */
  readonly medianMs: number | undefined;
  readonly p99Ms: number | undefined;
}

interface Counted {
  copied: number;
  failed: number;
  bytes: number;
  readonly durations: DurationHistogram;
}

/** What came from each origin address, and what failed there. */
export class OriginTally {
  readonly #origins = new Map<string, Counted>();

  add(
    origin: string,
    outcome: 'copied' | 'failed',
    bytes: number,
    elapsedMs: number | undefined,
  ): void {
    const isRoom = this.#origins.size < MOST_ORIGINS || this.#origins.has(origin);
    const name = isRoom ? origin : OTHERS;
    const counted = this.#origins.get(name) ?? {
      copied: 0,
      failed: 0,
      bytes: 0,
      durations: new DurationHistogram(),
    };
    counted[outcome] += 1;
    counted.bytes += bytes;
    if (elapsedMs !== undefined) counted.durations.add(elapsedMs);
    this.#origins.set(name, counted);
  }

  /** The slowest first, by their medians; those that nobody timed come last. */
  get origins(): readonly OriginFigures[] {
    return Array.from(this.#origins, ([origin, { durations, ...counted }]) => ({
      origin,
      ...counted,
      medianMs: durations.quantile(1 / 2),
      p99Ms: durations.quantile(0.99),
    })).sort((one, other) => (other.medianMs ?? -1) - (one.medianMs ?? -1));
  }
}
