import type {
  GaugeBatch,
  GaugeCount,
  GaugeKey,
  GaugeStore,
  GaugeWatch,
} from '../../src/model/gauge-store.ts';

/** A gauge store in memory, for tests; `batches` are those that it was given. */
export interface MemoryGaugeStore extends GaugeStore {
  readonly batches: readonly GaugeBatch[];
}

export function memoryGaugeStore(): MemoryGaugeStore {
  const batches: GaugeBatch[] = [];
  const counts = new Map<string, GaugeCount>();
  const keys = new Map<string, GaugeKey>();
  let watch: GaugeWatch | undefined;
  return {
    batches,
    load: () => Promise.resolve({ watch, counts: [...counts.values()], keys: [...keys.values()] }),
    add: (batch) => {
      batches.push(batch);
      const untilMs = Math.max(batch.watch.untilMs, watch?.untilMs ?? 0);
      watch = { sinceMs: batch.watch.sinceMs, untilMs };
      addCounts(counts, batch);
      addKeys(keys, batch);
      return Promise.resolve();
    },
  };
}

function addCounts(counts: Map<string, GaugeCount>, batch: GaugeBatch): void {
  for (const count of batch.counts) {
    const place = JSON.stringify([count.hourMs, count.rule]);
    const had = counts.get(place);
    counts.set(place, {
      ...count,
      requests: count.requests + (had?.requests ?? 0),
      neededOrigin: count.neededOrigin + (had?.neededOrigin ?? 0),
    });
  }
  for (const [place, { hourMs }] of counts) {
    if (hourMs < batch.dropHoursBeforeMs) counts.delete(place);
  }
}

function addKeys(keys: Map<string, GaugeKey>, batch: GaugeBatch): void {
  for (const key of batch.keys) {
    const had = keys.get(key.key);
    if (had === undefined || had.timeMs <= key.timeMs) keys.set(key.key, key);
  }
  const latestFirst = [...keys.values()].sort((one, other) => other.timeMs - one.timeMs);
  for (const [rank, { key, timeMs }] of latestFirst.entries()) {
    if (timeMs < batch.dropKeysBeforeMs || rank >= batch.mostKeys) keys.delete(key);
  }
}
