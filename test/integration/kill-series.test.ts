import { expect, test } from 'vitest';
import { killSeries } from '../soak/kill-series.ts';

test('25 kills at any moment: every entry is accounted for, every byte is right', async () => {
  const report = await killSeries({ seed: 40, kills: 25, faultOneIn: 0 });
  expect(report.wrong).toEqual([]);
  expect(report.kills).toBe(25);
  expect(report.refetchedBytes).toBeLessThanOrEqual(report.allowedBytes);
});
