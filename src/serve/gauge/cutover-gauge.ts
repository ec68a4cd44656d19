import type { GaugeBatch, GaugeStore, GaugeWatch } from '../../model/gauge-store.ts';
import type { Clock } from '../../model/ports.ts';
import type { CutoverStatus } from '../../model/serve-status.ts';
import type { Served } from '../../model/served.ts';
import { HOUR_MS, HourCounts, hourOf } from './hour-counts.ts';
import { EXACT_KEYS, judgeCutover, KEPT_HOURS, MAX_GAP_MS } from './judge-cutover.ts';
import { LatestKeys } from './latest-keys.ts';

/** What was noted is written so often. */
const WRITE_EVERY_MS = 1000;
/** With nothing to write, so often the store is told that the watch goes on. */
const TELL_EVERY_MS = 60_000;
/** One more than is counted exactly shows that there are more. */
const MOST_KEYS = EXACT_KEYS + 1;

export interface GaugeSettings {
  readonly store: GaugeStore;
  readonly clock: Clock;
  /** Told when the store could not be written; what was to be written is tried again. */
  readonly onTrouble: (error: unknown) => void;
}

/** The noted answers of some time. */
class Notes {
  readonly counts = new HourCounts();
  readonly keys = new LatestKeys(MOST_KEYS);
  isEmpty = true;

  /** One more answer. */
  count(hourMs: number, rule: string | null, neededOrigin: number): void {
    this.counts.count(hourMs, rule, 1, neededOrigin);
    this.isEmpty = false;
  }

  add(other: Pick<GaugeBatch, 'counts' | 'keys'>): void {
    for (const count of other.counts) this.counts.add(count);
    for (const key of other.keys) this.keys.note(key);
    this.isEmpty = false;
  }
}

/**
 * Watches how much still needs an origin. Every answer is noted in memory; once a second what came
 * is written to the store, where it outlasts this process. A second of a process that is killed is
 * lost, and nothing else.
 *
 * The watch has no gap as long as it is written, or begun again, within an hour; otherwise, and
 * where the clock was set back behind its begin, it begins anew. What other processes add to the
 * store meanwhile is seen at the next start.
 */
export class CutoverGauge {
  readonly #settings: GaugeSettings;
  readonly #all = new Notes();
  readonly #stopping = new AbortController();
  #unwritten = new Notes();
  #watch: GaugeWatch;
  #toldMs: number;
  #writing: Promise<void> = Promise.resolve();

  private constructor(settings: GaugeSettings, watch: GaugeWatch | undefined) {
    this.#settings = settings;
    const nowMs = settings.clock.now();
    this.#watch = watch ?? { sinceMs: nowMs, untilMs: nowMs };
    this.#toldMs = Number.NEGATIVE_INFINITY;
    this.#goOn();
  }

  /**
   * Takes up what the store has and begins to watch.
   * @throws FatalError `state-unusable`
   */
  static async open(settings: GaugeSettings): Promise<CutoverGauge> {
    const record = await settings.store.load();
    const gauge = new CutoverGauge(settings, record.watch);
    gauge.#all.add({
      counts: record.counts,
      keys: record.keys.toSorted((one, other) => one.timeMs - other.timeMs),
    });
    gauge.#writing = gauge.#write();
    return gauge;
  }

  /** One more answer. */
  note(served: Served): void {
    const timeMs = this.#settings.clock.now();
    const hourMs = hourOf(timeMs);
    const rule = served.rule ?? null;
    const needed = neededOrigin(served) ? 1 : 0;
    this.#all.count(hourMs, rule, needed);
    this.#unwritten.count(hourMs, rule, needed);
    const { key } = served;
    if (needed === 0 || key === undefined) return;
    const latest = { key, rule, mark: served.mark ?? null, timeMs };
    this.#all.keys.note(latest);
    this.#unwritten.keys.note(latest);
  }

  status(): CutoverStatus {
    const nowMs = this.#goOn();
    this.#all.counts.dropBefore(oldestHour(nowMs));
    const { counts, keys } = this.#all;
    return judgeCutover({ watch: this.#watch, counts: counts.list(), keys: keys.list() }, nowMs);
  }

  /** Ends the watch; resolves when everything noted is written, or could not be. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#writing;
    await this.#writeOnce();
  }

  async #write(): Promise<void> {
    for (;;) {
      const nowMs = this.#settings.clock.now();
      const isDue = Math.abs(nowMs - this.#toldMs) >= TELL_EVERY_MS;
      if (isDue || !this.#unwritten.isEmpty) await this.#writeOnce();
      try {
        await this.#settings.clock.sleep(WRITE_EVERY_MS, this.#stopping.signal);
      } catch {
        return;
      }
    }
  }

  async #writeOnce(): Promise<void> {
    const { store, onTrouble } = this.#settings;
    const nowMs = this.#goOn();
    const notes = this.#unwritten;
    this.#unwritten = new Notes();
    const batch: GaugeBatch = {
      watch: this.#watch,
      counts: notes.counts.list(),
      keys: notes.keys.list(),
      dropHoursBeforeMs: oldestHour(nowMs),
      dropKeysBeforeMs: nowMs - KEPT_HOURS * HOUR_MS,
      mostKeys: MOST_KEYS,
    };
    try {
      await store.add(batch);
      this.#toldMs = nowMs;
      this.#all.counts.dropBefore(batch.dropHoursBeforeMs);
      this.#all.keys.dropBefore(batch.dropKeysBeforeMs);
    } catch (error) {
      this.#unwritten.add(batch);
      onTrouble(error);
    }
  }

  /** The watch reaches to now, or begins now. */
  #goOn(): number {
    const nowMs = this.#settings.clock.now();
    const { sinceMs, untilMs } = this.#watch;
    const isBroken = nowMs < sinceMs || nowMs - untilMs > MAX_GAP_MS;
    this.#watch = { sinceMs: isBroken ? nowMs : sinceMs, untilMs: nowMs };
    return nowMs;
  }
}

/**
 * Whether switching the origins off would have changed the answer. Where they all said 404 it would
 * not: the bucket's own answer is the same.
 */
function neededOrigin({ neededOrigin: asked, status, failure }: Served): boolean {
  return asked && !(status === 404 && failure?.code === 'ORIGIN_NOT_FOUND');
}

function oldestHour(nowMs: number): number {
  return hourOf(nowMs - KEPT_HOURS * HOUR_MS);
}
