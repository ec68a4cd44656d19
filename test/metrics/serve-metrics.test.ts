import { expect, test } from 'vitest';
import { serveMetrics, type ServeMetrics } from '../../src/metrics/serve-metrics.ts';
import { Failure } from '../../src/model/failure.ts';
import type { Filled } from '../../src/model/served.ts';
import { MISS, served } from '../serve/served-under-test.ts';

const opened = (): ServeMetrics =>
  serveMetrics({
    spool: () => ({ spools: 2, memoryBytes: 1000, diskBytes: 5000 }),
    negativeKeys: () => 7,
    fillsUnderWay: () => 3,
  });

/** The samples whose names begin so, without the process' own. */
async function samples(metrics: ServeMetrics, name: string): Promise<string[]> {
  const text = await metrics.text();
  return text.split('\n').filter((line) => line.startsWith(`bucketfill_${name}`));
}

const filled = (changed: Partial<Filled>): Filled => ({
  key: 'a.txt',
  rule: 'all',
  outcome: 'stored',
  bytes: 10,
  failure: undefined,
  ...changed,
});

test('answers are counted by method, rule, outcome and class of status, with their bytes', async () => {
  const metrics = opened();
  metrics.served(served());
  metrics.served(served({ status: 206, bytes: 5 }));
  metrics.served(served({ ...MISS, rule: 'video', method: 'HEAD', bytes: 0 }));
  metrics.served(served({ rule: undefined, mark: undefined, status: 501, method: 'PURGE' }));
  metrics.served(served({ ...MISS, status: 0, cut: true, bytes: 3 }));
  expect(await samples(metrics, 'requests_total')).toEqual([
    'bucketfill_requests_total{method="GET",rule="all",outcome="hit",status="2xx"} 2',
    'bucketfill_requests_total{method="HEAD",rule="video",outcome="miss",status="2xx"} 1',
    'bucketfill_requests_total{method="other",rule="",outcome="none",status="5xx"} 1',
    'bucketfill_requests_total{method="GET",rule="all",outcome="miss",status="none"} 1',
  ]);
  expect(await samples(metrics, 'response_bytes_total')).toContain(
    'bucketfill_response_bytes_total{rule="all",outcome="hit"} 15',
  );
  expect(await samples(metrics, 'cut_answers_total')).toContain(
    'bucketfill_cut_answers_total{rule="all",outcome="miss"} 1',
  );
});

test('asking twice counts nothing twice', async () => {
  const metrics = opened();
  metrics.served(served());
  const first = await samples(metrics, 'requests_total');
  expect(await samples(metrics, 'requests_total')).toEqual(first);
  metrics.served(served());
  expect(await samples(metrics, 'requests_total')).toEqual([
    'bucketfill_requests_total{method="GET",rule="all",outcome="hit",status="2xx"} 2',
  ]);
});

test('durations fall into buckets from a millisecond to a minute', async () => {
  const metrics = opened();
  for (const elapsedMs of [1, 4, 59_000, 61_000]) metrics.served(served({ elapsedMs }));
  const lines = await samples(metrics, 'request_duration_seconds');
  const of = (le: string) => `bucketfill_request_duration_seconds_bucket{le="${le}",outcome="hit"}`;
  expect(lines).toEqual(
    expect.arrayContaining([
      `${of('0.001')} 1`,
      `${of('0.0025')} 1`,
      `${of('0.005')} 2`,
      `${of('30')} 2`,
      `${of('60')} 3`,
      `${of('+Inf')} 4`,
    ]),
  );
  const whole = (what: string) => `bucketfill_request_duration_seconds_${what}{outcome="hit"}`;
  expect(lines.slice(-2)).toEqual([`${whole('sum')} 120.005`, `${whole('count')} 4`]);
  // Fifteen bounds, what is beyond them, sum and count.
  expect(lines).toHaveLength(18);
});

test('fills are counted by outcome, and only what was stored as filled bytes', async () => {
  const metrics = opened();
  metrics.filled(filled({ bytes: 100 }));
  metrics.filled(filled({ outcome: 'handedOn', bytes: 50 }));
  metrics.filled(filled({ outcome: 'exists', bytes: 70 }));
  metrics.filled(filled({ outcome: 'failed', failure: new Failure('ORIGIN_TIMEOUT', 'slow') }));
  expect(await samples(metrics, 'fills_total')).toEqual([
    'bucketfill_fills_total{rule="all",outcome="stored"} 1',
    'bucketfill_fills_total{rule="all",outcome="handedOn"} 1',
    'bucketfill_fills_total{rule="all",outcome="exists"} 1',
    'bucketfill_fills_total{rule="all",outcome="failed"} 1',
  ]);
  expect(await samples(metrics, 'filled_bytes_total')).toEqual([
    'bucketfill_filled_bytes_total{rule="all"} 100',
  ]);
});

test('what failed is counted by its code, requests apart from fills', async () => {
  const metrics = opened();
  const failure = new Failure('ORIGIN_UNREACHABLE', 'down');
  metrics.served(served({ ...MISS, failure }));
  metrics.served(served({ ...MISS, failure }));
  metrics.filled(filled({ outcome: 'failed', failure }));
  expect(await samples(metrics, 'failures_total')).toEqual([
    'bucketfill_failures_total{of="request",code="ORIGIN_UNREACHABLE"} 2',
    'bucketfill_failures_total{of="fill",code="ORIGIN_UNREACHABLE"} 1',
  ]);
});

test('origins have their requests, first bytes and breakers', async () => {
  const metrics = opened();
  const origin = 'http://a.example/';
  metrics.originRequest('all', origin);
  metrics.originAnswered(origin, 30);
  metrics.originState(origin, 'open');
  expect(await samples(metrics, 'origin_requests_total')).toEqual([
    'bucketfill_origin_requests_total{rule="all",origin="http://a.example/"} 1',
  ]);
  expect(await samples(metrics, 'origin_first_byte_seconds')).toEqual(
    expect.arrayContaining([
      'bucketfill_origin_first_byte_seconds_bucket{le="0.025",origin="http://a.example/"} 0',
      'bucketfill_origin_first_byte_seconds_bucket{le="0.05",origin="http://a.example/"} 1',
      'bucketfill_origin_first_byte_seconds_sum{origin="http://a.example/"} 0.03',
    ]),
  );
  const state = async (): Promise<string[]> => samples(metrics, 'origin_breaker_state');
  expect(await state()).toEqual(['bucketfill_origin_breaker_state{origin="http://a.example/"} 2']);
  metrics.originState(origin, 'half-open');
  expect(await state()).toEqual(['bucketfill_origin_breaker_state{origin="http://a.example/"} 1']);
  metrics.originState(origin, 'closed');
  expect(await state()).toEqual(['bucketfill_origin_breaker_state{origin="http://a.example/"} 0']);
});

test('what the proxy holds is looked at when it is asked for', async () => {
  const metrics = opened();
  expect(await samples(metrics, 'spool')).toEqual([
    'bucketfill_spools 2',
    'bucketfill_spool_bytes{place="memory"} 1000',
    'bucketfill_spool_bytes{place="disk"} 5000',
  ]);
  expect(await samples(metrics, 'negative_keys')).toEqual(['bucketfill_negative_keys 7']);
  expect(await samples(metrics, 'fills_in_flight')).toEqual(['bucketfill_fills_in_flight 3']);
});

test('the process and the delay of its event loop are among them', async () => {
  const text = await opened().text();
  for (const name of [
    'nodejs_eventloop_lag_p50_seconds',
    'nodejs_eventloop_lag_p99_seconds',
    'nodejs_eventloop_lag_max_seconds',
    'process_resident_memory_bytes',
    'process_cpu_seconds_total',
  ]) {
    expect(text).toMatch(new RegExp(`^bucketfill_${name} \\d`, 'm'));
  }
});

test('every name begins with bucketfill_ and has its help and type', async () => {
  const metrics = opened();
  metrics.served(served());
  const text = await metrics.text();
  const told = new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name = '']) => name));
  expect([...told].filter((name) => !name.startsWith('bucketfill_'))).toEqual([]);
  expect(new Set([...text.matchAll(/^# HELP (\S+) ./gm)].map(([, name = '']) => name))).toEqual(
    told,
  );
  expect(metrics.contentType).toMatch(/^text\/plain; version=0\.0\.4/);
});

test('no label holds a key or a message, and an odd origin breaks no line', async () => {
  const metrics = opened();
  const failure = new Failure('ORIGIN_STATUS', 'a-canary-message');
  metrics.served(served({ ...MISS, key: 'a-canary-key', failure }));
  metrics.filled(filled({ key: 'a-canary-key', outcome: 'failed', failure }));
  metrics.originRequest('all', 'http://"a"\n\\.example/');
  const text = await metrics.text();
  expect(text).not.toContain('canary');
  expect(text).toContain('origin="http://\\"a\\"\\n\\\\.example/"');
});

test('more rules or origins than a rules file has don’t make more series', async () => {
  const metrics = opened();
  for (let index = 0; index < 1200; index += 1) {
    metrics.served(served({ rule: `r${index}` }));
    metrics.originRequest('r1', `http://o${index}.example/`);
  }
  const requests = await samples(metrics, 'requests_total');
  expect(requests).toHaveLength(1001);
  expect(requests.at(-1)).toBe(
    'bucketfill_requests_total{method="GET",rule="(others)",outcome="hit",status="2xx"} 200',
  );
  expect(await samples(metrics, 'origin_requests_total')).toHaveLength(1001);
});

test('two proxies in one process count apart', async () => {
  const [one, other] = [opened(), opened()];
  one.served(served());
  expect(await samples(other, 'requests_total')).toEqual([]);
});
