import { expect, test } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import type { Filled, Mark } from '../../src/model/served.ts';
import { ServeTallies, type ServeMoment } from '../../src/serve/admin/serve-tallies.ts';
import { MISS, served } from './served-under-test.ts';

const NOON_MS = Date.UTC(2026, 10, 20, 12);

const MOMENT: ServeMoment = {
  nowMs: NOON_MS + 5000,
  state: 'serving',
  rules: [
    { rule: 'all', source: 'file' },
    { rule: 'new', source: 'qingstor' },
  ],
  fillsUnderWay: 3,
  spool: { spools: 1, memoryBytes: 2, diskBytes: 3 },
  negativeKeys: 4,
};

const filled = (changed: Partial<Filled> = {}): Filled => ({
  key: 'a.txt',
  rule: 'all',
  outcome: 'stored',
  bytes: 10,
  failure: undefined,
  ...changed,
});

const opened = (now: () => number = () => NOON_MS): ServeTallies =>
  new ServeTallies({ version: '1.2.3', startedMs: NOON_MS, bucket: 's3://media' }, now);

test('what is told of the moment, and of the process, is part of the status', () => {
  const { rules, ...moment } = MOMENT;
  expect(rules).toHaveLength(2);
  expect(opened().status(MOMENT)).toMatchObject({
    ...moment,
    version: '1.2.3',
    startedMs: NOON_MS,
    uptimeMs: 5000,
    bucket: 's3://media',
  });
});

test('each mark has a total of its own', () => {
  const tallies = opened();
  const marks: readonly Mark[] = ['HIT', 'MISS', 'SHARED', 'NEGATIVE', 'PROXY', 'REDIRECT'];
  for (const [index, mark] of marks.entries()) {
    for (let times = 0; times <= index; times += 1) tallies.served(served({ mark }));
  }
  tallies.served(served({ mark: undefined, key: undefined, rule: undefined, cut: true }));
  expect(tallies.status(MOMENT).totals).toEqual({
    requests: 22,
    hits: 1,
    misses: 2,
    shared: 3,
    negative: 4,
    proxied: 5,
    redirected: 6,
    errors: 0,
    cut: 1,
    bytes: 220,
  });
});

test('rules come as they are in force, with what was counted under their names', () => {
  const tallies = opened();
  tallies.served(served());
  tallies.served(served(MISS));
  tallies.served(served({ rule: 'removed' }));
  tallies.filled(filled());
  tallies.filled(filled({ outcome: 'handedOn' }));
  tallies.filled(filled({ outcome: 'failed', failure: new Failure('ORIGIN_STATUS', '500') }));
  expect(tallies.status(MOMENT).rules).toEqual([
    { rule: 'all', source: 'file', requests: 2, neededOrigin: 1, fills: 3, failures: 1 },
    { rule: 'new', source: 'qingstor', requests: 0, neededOrigin: 0, fills: 0, failures: 0 },
  ]);
});

test('an origin has its requests, its breaker and the quantiles of its first bytes', () => {
  const tallies = opened();
  tallies.originRequest('http://b.example/');
  for (let ms = 1; ms <= 100; ms += 1) tallies.originAnswered('http://b.example/', ms);
  tallies.originState('http://a.example/', 'open', '60 % of 40 calls failed');
  const [a, b] = tallies.status(MOMENT).origins;
  expect(a).toEqual({
    origin: 'http://a.example/',
    state: 'open',
    reason: '60 % of 40 calls failed',
    requests: 0,
    firstByteMs: null,
  });
  expect(b).toMatchObject({ origin: 'http://b.example/', state: 'closed', requests: 1 });
  expect(b?.firstByteMs?.p50).toBeCloseTo(50, -1);
  expect(b?.firstByteMs?.p99).toBeCloseTo(99, -1);
});

test('first bytes of ten minutes ago are forgotten, those of four are not', () => {
  let nowMs = NOON_MS;
  const tallies = opened(() => nowMs);
  const p50 = (): number | undefined =>
    tallies.status({ ...MOMENT, nowMs }).origins[0]?.firstByteMs?.p50;
  tallies.originAnswered('http://a.example/', 5000);
  nowMs += 4 * 60_000;
  expect(p50()).toBeGreaterThan(4000);
  nowMs += 2 * 60_000;
  tallies.originAnswered('http://a.example/', 7);
  expect(p50()).toBe(7);
  const { origins } = tallies.status({ ...MOMENT, nowMs });
  expect(origins[0]?.firstByteMs?.p99).toBeGreaterThan(4000);
  nowMs += 4 * 60_000;
  tallies.originAnswered('http://a.example/', 7);
  nowMs += 60_000;
  tallies.originAnswered('http://a.example/', 7);
  expect(tallies.status({ ...MOMENT, nowMs }).origins[0]?.firstByteMs).toEqual({ p50: 7, p99: 7 });
  nowMs += 10 * 60_000;
  expect(p50()).toBeUndefined();
});

test('absurd latencies are taken for the nearest that can be told', () => {
  const tallies = opened();
  for (const ms of [-5, 0, 0.2, 1e12]) tallies.originAnswered('http://a.example/', ms);
  expect(tallies.status(MOMENT).origins[0]?.firstByteMs?.p50).toBe(1);
});

test('a failure is an error and is told once, however many clients met it', () => {
  const tallies = opened();
  const failure = new Failure('ORIGIN_UNREACHABLE', 'http://a.example/ is down');
  for (let clients = 0; clients < 500; clients += 1) {
    tallies.served(served({ ...MISS, key: 'k', failure }));
  }
  tallies.filled(filled({ key: 'k', outcome: 'failed', failure }));
  const { totals, lastFailures } = tallies.status(MOMENT);
  expect(totals.errors).toBe(500);
  expect(lastFailures).toEqual([
    {
      timeMs: NOON_MS,
      times: 501,
      key: 'k',
      rule: 'all',
      code: 'ORIGIN_UNREACHABLE',
      message: 'http://a.example/ is down',
    },
  ]);
});

test('that an object is nowhere is no error', () => {
  const tallies = opened();
  const failure = new Failure('ORIGIN_NOT_FOUND', 'nowhere');
  tallies.served(served({ ...MISS, status: 404, failure }));
  tallies.filled(filled({ outcome: 'failed', failure }));
  expect(tallies.status(MOMENT)).toMatchObject({
    totals: { errors: 0 },
    rules: [{ fills: 1, failures: 0 }, {}],
    lastFailures: [],
  });
});

test('of the failures the last twenty are kept, latest first, with messages of some length', () => {
  const tallies = opened();
  for (let index = 0; index < 30; index += 1) {
    const failure = new Failure('ORIGIN_STATUS', 'x'.repeat(10_000));
    tallies.served(served({ ...MISS, key: `k${index}`, failure }));
  }
  const { lastFailures } = tallies.status(MOMENT);
  expect(lastFailures.map(({ key }) => key)).toEqual(
    Array.from({ length: 20 }, (_, index) => `k${29 - index}`),
  );
  expect(lastFailures[0]?.message).toHaveLength(500);
});

test('a failure that comes again is the latest again', () => {
  const tallies = opened();
  const failure = new Failure('ORIGIN_STATUS', '500');
  for (const key of ['a', 'b', 'a']) tallies.served(served({ ...MISS, key, failure }));
  const { lastFailures } = tallies.status(MOMENT);
  expect(lastFailures.map(({ key, times }) => [key, times])).toEqual([
    ['a', 2],
    ['b', 1],
  ]);
});

test('more than a thousand origins get no lines of their own', () => {
  const tallies = opened();
  for (let index = 0; index < 1100; index += 1) tallies.originRequest(`http://o${index}.example/`);
  expect(tallies.status(MOMENT).origins).toHaveLength(1000);
});
