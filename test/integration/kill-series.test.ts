import { expect, test } from 'vitest';
import { killSeries } from '../soak/kill-series.ts';

test('25 kills at any moment: every entry is accounted for, every byte is right', async () => {
  const report = await killSeries({ seed: 40, kills: 25, faultOneIn: 0 });
  expect(report.wrong).toEqual([]);
  expect(report.kills).toBe(25);
  expect(report.refetchedBytes).toBeLessThanOrEqual(report.allowedBytes);
});

test('15 kills of runs with two further threads: the same holds', async () => {
  const report = await killSeries({ seed: 41, kills: 15, faultOneIn: 0, workers: 3 });
  expect(report.wrong).toEqual([]);
  expect(report.kills).toBe(15);
  expect(report.refetchedBytes).toBeLessThanOrEqual(report.allowedBytes);
});
