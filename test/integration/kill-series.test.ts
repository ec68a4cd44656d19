import { expect, test } from 'vitest';
import { killSeries } from '../soak/kill-series.ts';

test('15 kills at any moment: every entry is accounted for, every byte is right', async () => {
  const report = await killSeries({ seed: 40, kills: 15, faultOneIn: 0 });
  expect(report.wrong).toEqual([]);
  expect(report.kills).toBe(15);
  expect(report.refetchedBytes).toBeLessThanOrEqual(report.allowedBytes);
});

test('8 kills of runs with two further threads: the same holds', async () => {
  const report = await killSeries({ seed: 41, kills: 8, faultOneIn: 0, workers: 3 });
  expect(report.wrong).toEqual([]);
  expect(report.kills).toBe(8);
  expect(report.refetchedBytes).toBeLessThanOrEqual(report.allowedBytes);
});
