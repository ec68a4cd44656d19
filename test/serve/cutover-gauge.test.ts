import { expect, onTestFinished, test } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import type { GaugeStore } from '../../src/model/gauge-store.ts';
import { CutoverGauge } from '../../src/serve/gauge/cutover-gauge.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { memoryGaugeStore } from '../support/memory-gauge-store.ts';
import { MISS, served } from './served-under-test.ts';

const HOUR_MS = 3_600_000;
const SECOND_MS = 1000;
const NOON_MS = Date.UTC(2026, 10, 20, 12);

interface Watched {
  readonly store?: GaugeStore;
  /** Reads in place of the clock's own. */
  readonly now?: () => number;
  readonly onTrouble?: (error: unknown) => void;
}

/** A gauge that began at noon, with a clock that the test moves. */
async function watch({ store = memoryGaugeStore(), now, onTrouble }: Watched = {}) {
  const clock = fakeClock({ startMs: NOON_MS });
  const gauge = await CutoverGauge.open({
    store,
    clock: now === undefined ? clock : { ...clock, now },
    onTrouble: onTrouble ?? ((error) => expect.fail(String(error))),
  });
  onTestFinished(() => gauge.stop());
  await clock.settle();
  return { gauge, clock };
}

test('what needed an origin is counted with its key, what did not only as a request', async () => {
  const { gauge } = await watch();
  gauge.note(served());
  gauge.note(served({ ...MISS, key: 'b' }));
  gauge.note(served({ ...MISS, key: 'b', mark: 'SHARED' }));
  gauge.note(served({ mark: undefined, key: undefined, rule: undefined, status: 501 }));
  const { windows, lastKeys, verdict } = gauge.status();
  expect(windows[0]).toMatchObject({ requests: 4, neededOrigin: 2, keys: 1 });
  expect(lastKeys).toEqual([{ key: 'b', rule: 'all', mark: 'SHARED', timeMs: NOON_MS }]);
  expect(verdict.text).toBe('safe to switch off: no, 1 key needed the origin in the last 24 h');
});

test('a 404 of every origin needs none: without them the answer is the same', async () => {
  const { gauge } = await watch();
  const nowhere = new Failure('ORIGIN_NOT_FOUND', 'nowhere');
  gauge.note(served({ ...MISS, status: 404, failure: nowhere }));
  gauge.note(served({ ...MISS, mark: 'NEGATIVE', status: 404, failure: nowhere }));
  expect(gauge.status().windows[0]).toMatchObject({ requests: 2, neededOrigin: 0, keys: 0 });
});

test('a redirect, and a failure of the origins, needed one', async () => {
  const { gauge } = await watch();
  const nowhere = new Failure('ORIGIN_NOT_FOUND', 'nowhere');
  gauge.note(served({ ...MISS, key: 'a', mark: 'REDIRECT', status: 302, failure: nowhere }));
  const unreachable = new Failure('ORIGIN_UNREACHABLE', 'down');
  gauge.note(served({ ...MISS, key: 'b', mark: undefined, status: 424, failure: unreachable }));
  expect(gauge.status().windows[0]).toMatchObject({ neededOrigin: 2, keys: 2 });
});

test('the store is written once a second, with the sums of that second', async () => {
  const store = memoryGaugeStore();
  const { gauge, clock } = await watch({ store });
  expect(store.batches).toHaveLength(1);
  for (let request = 0; request < 500; request += 1) gauge.note(served({ ...MISS, key: 'k' }));
  await clock.advance(SECOND_MS - 1);
  expect(store.batches).toHaveLength(1);
  await clock.advance(1);
  expect(store.batches).toHaveLength(2);
  expect(store.batches[1]).toMatchObject({
    counts: [{ hourMs: NOON_MS, rule: 'all', requests: 500, neededOrigin: 500 }],
    keys: [{ key: 'k', rule: 'all', mark: 'MISS', timeMs: NOON_MS }],
    mostKeys: 10_001,
    dropHoursBeforeMs: NOON_MS - 168 * HOUR_MS,
  });
});

test('with nothing to write the store is told once a minute that the watch goes on', async () => {
  const store = memoryGaugeStore();
  const { clock } = await watch({ store });
  await clock.advance(59 * SECOND_MS);
  expect(store.batches).toHaveLength(1);
  await clock.advance(SECOND_MS);
  expect(store.batches).toHaveLength(2);
  expect((await store.load()).watch).toEqual({ sinceMs: NOON_MS, untilMs: NOON_MS + 60_000 });
});

test('a restart goes on where the last process ended', async () => {
  const store = memoryGaugeStore();
  const first = await watch({ store });
  first.gauge.note(served({ ...MISS, key: 'a' }));
  await first.gauge.stop();
  const { gauge } = await watch({ store, now: () => NOON_MS + HOUR_MS });
  gauge.note(served({ ...MISS, key: 'b' }));
  const { windows, sinceMs, lastKeys } = gauge.status();
  expect(sinceMs).toBe(NOON_MS);
  expect(windows[1]).toMatchObject({ requests: 2, neededOrigin: 2, keys: 2 });
  expect(lastKeys.map(({ key }) => key)).toEqual(['b', 'a']);
});

test('after more than an hour that nobody watched the watch begins anew, with its counts', async () => {
  const store = memoryGaugeStore();
  const first = await watch({ store });
  first.gauge.note(served());
  await first.gauge.stop();
  const laterMs = NOON_MS + HOUR_MS + 1;
  const { gauge } = await watch({ store, now: () => laterMs });
  expect(gauge.status()).toMatchObject({ sinceMs: laterMs, windows: [{}, { requests: 1 }, {}] });
  expect((await store.load()).watch?.sinceMs).toBe(laterMs);
});

test('a process that stood still for hours begins its watch anew', async () => {
  let nowMs = NOON_MS;
  const { gauge } = await watch({ now: () => nowMs });
  nowMs += 30 * HOUR_MS;
  expect(gauge.status()).toMatchObject({ sinceMs: nowMs, verdict: { safe: false } });
});

test('a clock that is set back behind the begin of the watch begins it anew', async () => {
  let nowMs = NOON_MS;
  const { gauge } = await watch({ now: () => nowMs });
  nowMs -= HOUR_MS;
  expect(gauge.status().sinceMs).toBe(nowMs);
});

test('what the store could not take is told, and written with the next', async () => {
  const memory = memoryGaugeStore();
  let isBroken = true;
  const store: GaugeStore = {
    load: () => memory.load(),
    add: async (batch) => {
      if (isBroken) throw new Error('the disk is full');
      await memory.add(batch);
    },
  };
  const troubles: unknown[] = [];
  const { gauge, clock } = await watch({ store, onTrouble: (error) => troubles.push(error) });
  gauge.note(served({ ...MISS, key: 'a' }));
  await clock.advance(SECOND_MS);
  expect(troubles).toHaveLength(2);
  expect(gauge.status().windows[0]).toMatchObject({ requests: 1, keys: 1 });
  isBroken = false;
  gauge.note(served({ ...MISS, key: 'b' }));
  await clock.advance(SECOND_MS);
  const { counts, keys } = await memory.load();
  expect(counts).toMatchObject([{ requests: 2, neededOrigin: 2 }]);
  expect(keys.map(({ key }) => key)).toEqual(['a', 'b']);
});

test('what is older than seven days is dropped, what is as old is not', async () => {
  const store = memoryGaugeStore();
  const begun = await watch({ store });
  begun.gauge.note(served({ ...MISS, key: 'a' }));
  await begun.gauge.stop();
  const weekLater = await watch({ store, now: () => NOON_MS + 168 * HOUR_MS });
  expect(weekLater.gauge.status().windows[2]).toMatchObject({ requests: 1 });
  expect(await store.load()).toMatchObject({ counts: [{ requests: 1 }], keys: [{ key: 'a' }] });
  await watch({ store, now: () => NOON_MS + 169 * HOUR_MS });
  expect(await store.load()).toMatchObject({ counts: [], keys: [] });
});

test('stopping writes what came last', async () => {
  const store = memoryGaugeStore();
  const { gauge } = await watch({ store });
  gauge.note(served());
  await gauge.stop();
  expect((await store.load()).counts).toMatchObject([{ requests: 1 }]);
});

test('of more keys than are counted exactly the latest are kept', async () => {
  let nowMs = NOON_MS;
  const { gauge } = await watch({ now: () => nowMs });
  for (let index = 0; index < 10_002; index += 1) {
    nowMs += 1;
    gauge.note(served({ ...MISS, key: `k${index}` }));
  }
  const { windows, lastKeys } = gauge.status();
  expect(windows[1]).toMatchObject({ neededOrigin: 10_002, keys: 10_000, moreKeys: true });
  expect(lastKeys[0]?.key).toBe('k10001');
});
