import { durationText } from './duration-text.ts';

/** The slowest that a body may come. */
export interface CrawlFloor {
  readonly bytesPerSecond: number;
  /** Averaged over so much time of waiting. */
  readonly overMs: number;
}

/** Slower than this, over a minute, is no transfer any more: a MiB would take a quarter of an hour. */
export const CRAWL_FLOOR: CrawlFloor = { bytesPerSecond: 1024, overMs: 60_000 };

/** Milliseconds of a clock that never goes back. */
export function steadyNowMs(): number {
  return performance.now();
}

/**
 * Finds bodies that crawl. Only the time counts in which a reader waited for the network, summed
 * up until it makes `overMs`; then what came meanwhile is judged, and the count begins again.
 */
export class CrawlWatch {
  readonly #floor: CrawlFloor;
  readonly #nowMs: () => number;
  #waitedMs = 0;
  #sinceMs = 0;
  #countedBytes = 0;

  /** @param nowMs a clock that never goes back */
  constructor(floor: CrawlFloor, nowMs: () => number) {
    this.#floor = floor;
    this.#nowMs = nowMs;
  }

  /** A reader begins to wait. */
  begin(): void {
    this.#sinceMs = this.#nowMs();
  }

  /**
   * The wait is over.
   * @param receivedBytes of the whole body so far
   * @returns what is wrong, in words that end a sentence; undefined where all is well.
   */
  end(receivedBytes: number): string | undefined {
    this.#waitedMs += this.#nowMs() - this.#sinceMs;
    const { bytesPerSecond, overMs } = this.#floor;
    if (this.#waitedMs < overMs) return undefined;
    const bytes = receivedBytes - this.#countedBytes;
    const ms = this.#waitedMs;
    this.#waitedMs = 0;
    this.#countedBytes = receivedBytes;
    if (bytes * 1000 >= bytesPerSecond * ms) return undefined;
    const waited = durationText(Math.round(ms));
    return `the body crawled: ${bytes} bytes in ${waited}, less than ${bytesPerSecond} a second, after ${receivedBytes} bytes`;
  }
}
