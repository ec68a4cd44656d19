import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DurationHistogram } from '../../../src/report/run-report/duration-histogram.ts';
import { Heaviest } from '../../../src/report/run-report/heaviest.ts';
import { RunTally } from '../../../src/report/run-report/run-tally.ts';
import { Timeline } from '../../../src/report/run-report/timeline.ts';
import { copied, failed, skipped, START_MS, stored, type Told } from './made-job.ts';

function tallied(told: readonly (readonly [Told, number?])[], startedMs?: number) {
  const tally = new RunTally(startedMs);
  for (const [outcome, afterMs = 0] of told) tally.add(stored(outcome, START_MS + afterMs));
  return tally.figures;
}

describe('the figures of a run', () => {
  test('count outcomes, bytes and reasons', () => {
    const figures = tallied([
      [copied('a', { bytes: 10 })],
      [copied('b', { bytes: 5 })],
      [skipped('c')],
      [{ key: 'd', outcome: 'deleted', rule: 'r' }],
      [failed('e')],
    ]);
    expect(figures).toMatchObject({
      lines: 5,
      earlier: 0,
      outcomes: { copied: 2, skipped: 1, deleted: 1, failed: 1 },
      bytes: 15,
      skipped: { exists: 1 },
    });
  });

  test('group failures by class and code, the most frequent first, with 20 examples of each', () => {
    const figures = tallied([
      ...Array.from({ length: 30 }, (_, at) => [failed(`k${at}`)] as const),
      [failed('t', { code: 'ORIGIN_TIMEOUT' })],
      ...['x', 'y'].map(
        (key) => [failed(key, { code: 'BUCKET_REFUSED', origin: undefined })] as const,
      ),
    ]);
    const shape = figures.failures.map(({ kind, count, codes }) => [
      ...[kind, count],
      ...codes.map(({ code, count: ofCode, examples }) => [code, ofCode, examples.length]),
    ]);
    expect(shape).toEqual([
      ['origin trouble', 31, ['ORIGIN_STATUS', 30, 20], ['ORIGIN_TIMEOUT', 1, 1]],
      ['bucket', 2, ['BUCKET_REFUSED', 2, 2]],
    ]);
    expect(figures.failures[0]?.codes[0]?.examples[0]).toEqual({
      key: 'k0',
      rule: 'all',
      origin: 'https://o2.example/',
      status: 503,
      attempts: 3,
      requestId: '4f2c-FRA',
      message: 'GET https://o2.example/k: answered 503, expected 200',
    });
  });

  test('order origins by their median, the slowest first, untimed ones last', () => {
    const from = (origin: string, elapsedMs: number): readonly [Told] => [
      copied('k', { origin, elapsedMs }),
    ];
    const untimedCopy: Told = {
      ...{ key: 'k', outcome: 'copied', rule: 'all', bytes: 1, origin: 'https://untimed/' },
      ...{ attempts: 1, etag: '', lengthVerified: true },
    };
    const { origins } = tallied([
      ...[10, 10, 10, 5000].map((ms) => from('https://fast/', ms)),
      ...[300, 310, 320].map((ms) => from('https://slow/', ms)),
      [untimedCopy],
      [failed('f', { origin: 'https://slow/', elapsedMs: 310 })],
    ]);
    expect(origins.map(({ origin }) => origin)).toEqual([
      'https://slow/',
      'https://fast/',
      'https://untimed/',
    ]);
    const [slow, fast, untimed] = origins;
    expect(slow).toMatchObject({ copied: 3, failed: 1, bytes: 3000 });
    expect(slow?.medianMs).toBeGreaterThan(295);
    expect(slow?.medianMs).toBeLessThan(325);
    expect(fast?.medianMs).toBe(10);
    expect(fast?.p99Ms).toBeGreaterThan(4700);
    expect(untimed).toMatchObject({ medianMs: undefined, p99Ms: undefined });
  });

  test('hold no more origins than can be shown, and still count them', () => {
    const { origins } = tallied(
      Array.from({ length: 250 }, (_, at) => [copied('k', { origin: `https://h${at}/` })] as const),
    );
    expect(origins).toHaveLength(201);
    expect(origins.find(({ origin }) => origin === 'all other origins')?.copied).toBe(50);
  });

  test('name the slowest objects and how long the last hundredth took', () => {
    const figures = tallied([
      ...Array.from({ length: 198 }, (_, at) => [copied(`k${at}`), at * 10] as const),
      [copied('late', { elapsedMs: 90_000 }), 60_000],
      [failed('last', { elapsedMs: 120_000 }), 120_000],
    ]);
    expect(figures.slowest).toHaveLength(20);
    expect(figures.slowest.slice(0, 2).map(({ key }) => key)).toEqual(['last', 'late']);
    expect(figures.tail).toMatchObject({ share: 0.01, ofMs: 120_000 });
    expect(figures.tail?.ms).toBeGreaterThan(117_000);
  });

  test('of a few objects have no tail', () => {
    expect(tallied([[copied('a')], [copied('b'), 5000]]).tail).toBeUndefined();
  });

  test('show over time only the last run, and say how much was before it', () => {
    const figures = tallied([[copied('a')], [copied('b'), 86_400_000]], START_MS + 1);
    expect(figures).toMatchObject({ lines: 2, earlier: 1, firstMs: START_MS + 86_400_000 });
    expect(figures.timeline.spans).toHaveLength(1);
  });

  test('of nothing are nothing', () => {
    expect(tallied([])).toEqual({
      ...{ lines: 0, earlier: 0, outcomes: {}, bytes: 0, skipped: {}, failures: [], origins: [] },
      ...{ slowest: [], timeline: { widthMs: 1000, spans: [] } },
      ...{ firstMs: undefined, lastMs: undefined, tail: undefined },
    });
  });
});

describe('a timeline', () => {
  const one = { objects: 1, failed: 0, bytes: 7 };

  test('loses nothing, and has no more spans than it may, whatever the order and the distance', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 400 * 86_400_000 })), (times) => {
        const timeline = new Timeline(200);
        for (const time of times) timeline.add(time, one);
        const { widthMs, spans } = timeline.spans;
        expect(spans.reduce((sum, { objects }) => sum + objects, 0)).toBe(times.length);
        expect(spans.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(7 * times.length);
        const [first, last] = [spans[0]?.startMs ?? 0, spans.at(-1)?.startMs ?? 0];
        expect((last - first) / widthMs).toBeLessThan(200);
        for (const time of times) {
          expect(spans.some(({ startMs }) => startMs <= time && time < startMs + widthMs)).toBe(
            true,
          );
        }
      }),
    );
  });

  test.each([
    [150_000, 1000],
    [900_000, 5000],
    [3_600_000, 60_000],
    [86_400_000, 900_000],
  ])('of %i ms has spans of %i ms', (extentMs, widthMs) => {
    const timeline = new Timeline(2000);
    for (let at = 0; at <= extentMs; at += extentMs / 1000) timeline.add(START_MS + at, one);
    expect(timeline.coarser(200).widthMs).toBe(widthMs);
  });
});

test('the heaviest are kept, of equals the first, and made only where they are kept', () => {
  const heaviest = new Heaviest<string>(2);
  let made = 0;
  for (const [name, weight] of [
    ['a', 1],
    ['b', 3],
    ['c', 1],
    ['d', 3],
    ['e', 3],
  ] as const) {
    heaviest.add(weight, () => {
      made += 1;
      return name;
    });
  }
  expect(heaviest.items).toEqual(['b', 'd']);
  expect(made).toBe(3);
});

test('quantiles of durations are right to some per cent, whatever the durations', () => {
  expect(new DurationHistogram().quantile(0.5)).toBeUndefined();
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 10_000_000 }), { minLength: 1 }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      (durations, share) => {
        const histogram = new DurationHistogram();
        for (const ms of durations) histogram.add(ms);
        const sorted = durations.toSorted((a, b) => a - b);
        const exact = sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
        const told = histogram.quantile(share) ?? 0;
        expect(Math.abs(told - exact)).toBeLessThanOrEqual(exact * 0.05 + 1);
      },
    ),
  );
});
