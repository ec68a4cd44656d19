import { expect, test } from 'vitest';
import { killSeries, type SeriesReport } from './kill-series.ts';

const MINUTE_MS = 60_000;

function tell(report: SeriesReport): void {
  process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
}

test(
  '500 kills at any moment: every entry is accounted for, every byte is right',
  async () => {
    const report = await killSeries({ seed: 1, kills: 500, faultOneIn: 0 });
    tell(report);
    expect(report.wrong).toEqual([]);
    expect(report.kills).toBe(500);
    expect(report.refetchedBytes).toBeLessThanOrEqual(report.allowedBytes);
    expect(report.rangeRequests).toBeGreaterThan(0);
  },
  60 * MINUTE_MS,
);

test(
  '10 minutes of faults on both sides, with kills: every entry is accounted for, every byte is right',
  async () => {
    const report = await killSeries({
      seed: 2,
      kills: Infinity,
      forMs: 10 * MINUTE_MS,
      faultOneIn: 40,
    });
    tell(report);
    expect(report.wrong).toEqual([]);
    expect(report.kills).toBeGreaterThan(50);
  },
  20 * MINUTE_MS,
);
