import type { GaugeBatch, GaugeCount, GaugeKey, GaugeRecord } from '../model/gauge-store.ts';
import type { Mark } from '../model/served.ts';
import type { Connection } from './open-database.ts';
import { RankedTable } from './ranked-table.ts';
import { DamagedRow, type SealedRow, type Tally } from './sealed-table.ts';
import type { SharedHead } from './shared-head.ts';
import { StoredList } from './stored-list.ts';

/** The marks that a row may say. */
const MARKS = {
  HIT: 'HIT',
  MISS: 'MISS',
  SHARED: 'SHARED',
  NEGATIVE: 'NEGATIVE',
  PROXY: 'PROXY',
  REDIRECT: 'REDIRECT',
} as const satisfies { readonly [M in Mark]: M };

/** What the cutover gauge keeps; within the caller's transaction. */
export class SharedGauge {
  readonly #hours: RankedTable;
  readonly #needed: RankedTable;

  constructor(database: Connection) {
    this.#hours = new RankedTable(database, 'hour');
    this.#needed = new RankedTable(database, 'needed');
  }

  verify({ hours, needed }: SharedHead): void {
    this.#hours.verify(hours);
    this.#needed.verify(needed);
  }

  load({ watch }: SharedHead): GaugeRecord {
    const counts = this.#hours.all().map(openCount);
    return { watch, counts, keys: this.#needed.all().map(openKey) };
  }

  add(head: SharedHead, batch: GaugeBatch): SharedHead {
    const { sinceMs, untilMs } = batch.watch;
    return {
      ...head,
      watch: { sinceMs, untilMs: Math.max(untilMs, head.watch?.untilMs ?? untilMs) },
      hours: this.#addCounts(head.hours, batch),
      needed: this.#addKeys(head.needed, batch),
    };
  }

  #addCounts(hours: Tally, { counts, dropHoursBeforeMs }: GaugeBatch): Tally {
    const added = counts.reduce((tally, { hourMs, rule, requests, neededOrigin }) => {
      const key = JSON.stringify([hourMs, rule]);
      const row = this.#hours.get(key);
      const had = row === undefined ? { requests: 0, neededOrigin: 0 } : openCount(row);
      const sums = [had.requests + requests, had.neededOrigin + neededOrigin];
      return this.#hours.put(tally, key, JSON.stringify(sums), hourMs);
    }, hours);
    return this.#hours.dropBelow(added, dropHoursBeforeMs);
  }

  #addKeys(needed: Tally, { keys, dropKeysBeforeMs, mostKeys }: GaugeBatch): Tally {
    const added = keys.reduce((tally, { key, rule, mark, timeMs }) => {
      const had = this.#needed.get(key);
      if (had !== undefined && had.rank > timeMs) return tally;
      return this.#needed.put(tally, key, JSON.stringify([rule, mark]), timeMs);
    }, needed);
    return this.#needed.keepHighest(this.#needed.dropBelow(added, dropKeysBeforeMs), mostKeys);
  }
}

function openCount({ key, sealed }: SealedRow): GaugeCount {
  const place = new StoredList(key);
  const sums = new StoredList(sealed);
  return {
    hourMs: place.number(0),
    rule: place.textOrNull(1),
    requests: sums.number(0),
    neededOrigin: sums.number(1),
  };
}

function openKey({ key, sealed, rank }: SealedRow): GaugeKey {
  const list = new StoredList(sealed);
  return { key, rule: list.textOrNull(0), mark: markOf(list.textOrNull(1)), timeMs: rank };
}

function markOf(text: string | null): Mark | null {
  if (text === null) return null;
  const mark = Object.values(MARKS).find((known) => known === text);
  if (mark === undefined) throw new DamagedRow(`a stored mark is ${JSON.stringify(text)}`);
  return mark;
}
