import { expect, test } from 'vitest';
import type {
  GaugeBatch,
  GaugeCount,
  GaugeKey,
  GaugeRecord,
  GaugeStore,
} from '../../src/model/gauge-store.ts';

const HOUR_MS = 3_600_000;
const NOON_MS = Date.UTC(2026, 10, 20, 12);

const NOTHING: GaugeBatch = {
  watch: { sinceMs: NOON_MS, untilMs: NOON_MS },
  counts: [],
  keys: [],
  dropHoursBeforeMs: 0,
  dropKeysBeforeMs: 0,
  mostKeys: 100,
};

const counted = (
  hourMs: number,
  rule: string | null,
  requests: number,
  neededOrigin: number,
): GaugeCount => ({ hourMs, rule, requests, neededOrigin });

const needed = (key: string, timeMs: number, rule: string | null = 'all'): GaugeKey => ({
  key,
  rule,
  mark: 'MISS',
  timeMs,
});

/** The record without the order of its parts, which no one promises. */
async function recordOf(store: GaugeStore): Promise<GaugeRecord> {
  const { watch, counts, keys } = await store.load();
  const place = ({ hourMs, rule }: GaugeCount): string => `${hourMs} ${rule ?? ''}`;
  return {
    watch,
    counts: counts.toSorted((one, other) => (place(one) < place(other) ? -1 : 1)),
    keys: keys.toSorted((one, other) => (one.key < other.key ? -1 : 1)),
  };
}

/** What the cutover gauge relies on, of every implementation of its store. */
export function gaugeStoreContract(open: () => GaugeStore | Promise<GaugeStore>): void {
  test('a store that was given nothing says so', async () => {
    expect(await recordOf(await open())).toEqual({ watch: undefined, counts: [], keys: [] });
  });

  test('counts of one hour and rule add up; no rule is a rule of its own', async () => {
    const store = await open();
    const first = [
      counted(NOON_MS, 'all', 3, 1),
      counted(NOON_MS, null, 5, 0),
      counted(NOON_MS + HOUR_MS, 'all', 1, 1),
    ];
    await store.add({ ...NOTHING, counts: first });
    await store.add({ ...NOTHING, counts: [counted(NOON_MS, 'all', 2, 2)] });
    const { counts } = await recordOf(store);
    expect(counts).toEqual([
      counted(NOON_MS, null, 5, 0),
      counted(NOON_MS, 'all', 5, 3),
      counted(NOON_MS + HOUR_MS, 'all', 1, 1),
    ]);
  });

  test('a key keeps the latest time that it needed an origin, in whatever order it is told', async () => {
    const store = await open();
    await store.add({ ...NOTHING, keys: [needed('a', 100), needed('b', 300)] });
    const later: GaugeKey = { key: 'a', rule: null, mark: null, timeMs: 200 };
    await store.add({ ...NOTHING, keys: [later, needed('b', 250, 'other')] });
    const { keys } = await recordOf(store);
    expect(keys).toEqual([later, needed('b', 300)]);
  });

  test('the begin of the watch is the last that was given, its end the latest', async () => {
    const store = await open();
    await store.add({ ...NOTHING, watch: { sinceMs: 100, untilMs: 900 } });
    await store.add({ ...NOTHING, watch: { sinceMs: 500, untilMs: 800 } });
    expect((await recordOf(store)).watch).toEqual({ sinceMs: 500, untilMs: 900 });
  });

  test('what is too old is dropped, and what is of that very moment is not', async () => {
    const store = await open();
    const counts = [counted(NOON_MS - HOUR_MS, 'all', 1, 1), counted(NOON_MS, 'all', 1, 1)];
    await store.add({ ...NOTHING, counts, keys: [needed('a', 99), needed('b', 100)] });
    await store.add({ ...NOTHING, dropHoursBeforeMs: NOON_MS, dropKeysBeforeMs: 100 });
    const record = await recordOf(store);
    expect(record.counts).toEqual([counted(NOON_MS, 'all', 1, 1)]);
    expect(record.keys).toEqual([needed('b', 100)]);
  });

  test('of too many keys those stay that needed an origin last', async () => {
    const store = await open();
    const keys = [needed('a', 5), needed('b', 1), needed('c', 4), needed('d', 2)];
    await store.add({ ...NOTHING, keys });
    await store.add({ ...NOTHING, keys: [needed('b', 6)], mostKeys: 2 });
    expect((await recordOf(store)).keys).toEqual([needed('a', 5), needed('b', 6)]);
  });

  test('a key comes back as it was given, whatever its characters', async () => {
    const store = await open();
    const odd = ["a'; --", 'a\u0000b', 'a//b ', 'e\u0301', '\u00e9', '😀', '__proto__', '%2F'];
    const keys = odd.map((key) => needed(key, 1));
    await store.add({ ...NOTHING, keys });
    const kept = (await store.load()).keys.map(({ key }) => key);
    expect(kept.toSorted()).toEqual(odd.toSorted());
  });
}
