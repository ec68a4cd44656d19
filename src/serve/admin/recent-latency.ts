import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { OriginStatus } from '../../model/serve-status.ts';

/** The older half of what is remembered is dropped so often. */
const TURN_MS = 300_000;
/** Longer than any timeout; two digits of it are kept. */
const SETTINGS = { lowest: 1, highest: 600_000, figures: 2 };

/** Latencies of the last five to ten minutes, as quantiles. */
export class RecentLatency {
  #older: RecordableHistogram | undefined;
  #newer: RecordableHistogram | undefined;
  #turnedMs = Number.NEGATIVE_INFINITY;

  record(ms: number, nowMs: number): void {
    this.#turn(nowMs);
    this.#newer ??= createHistogram(SETTINGS);
    // It takes whole numbers from 1.
    this.#newer.record(Math.min(SETTINGS.highest, Math.max(1, Math.round(ms))));
  }

  /** In milliseconds; null where nothing was recorded. */
  quantiles(nowMs: number): OriginStatus['firstByteMs'] {
    this.#turn(nowMs);
    const both = createHistogram(SETTINGS);
    if (this.#older !== undefined) both.add(this.#older);
    if (this.#newer !== undefined) both.add(this.#newer);
    return both.count === 0 ? null : { p50: both.percentile(50), p99: both.percentile(99) };
  }

  #turn(nowMs: number): void {
    const passedMs = nowMs - this.#turnedMs;
    if (passedMs >= 0 && passedMs < TURN_MS) return;
    this.#older = passedMs >= 0 && passedMs < 2 * TURN_MS ? this.#newer : undefined;
    this.#newer = undefined;
    this.#turnedMs = nowMs;
  }
}
