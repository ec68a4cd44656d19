import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectAllAccountedFor, killAndResume, placeFor } from '../support/kill-and-resume.ts';
import type { CliResult } from '../support/run-cli.ts';
import { type Site, startSite } from '../support/site.ts';

// More entries than a segment holds, so that segments are closed, open and unread when it dies.
const OBJECTS = 1100;
let site: Site;

beforeAll(async () => {
  site = await startSite(OBJECTS);
});
afterAll(async () => {
  await site.close();
});

describe('killed with SIGKILL, run again: every entry is accounted for', () => {
  const BOUNDARIES = [
    ['bucket.written', 700],
    ['bucket.described', 800],
    ['bucket.committed', 1050],
    ['events.flushed', 3],
    ['checkpoint.committed', 3],
  ] as const;

  test.each(BOUNDARIES)('at %s, time %i', async (boundary, time) => {
    const resumed = await killAndResume(site, boundary, time);
    expect(resumed.summary?.resumed).toBe(true);
  });

  test('six times in a row, at moments that nobody chose', async () => {
    const place = await placeFor(site);
    site.slowDown(5);
    const runs: CliResult[] = [];
    for (let kill = 0; kill < 6; kill += 1) {
      const afterMs = 250 + kill * 37;
      runs.push(
        await place.migrate(['--concurrency', '16'], {
          onStart: (child) => {
            setTimeout(() => {
              child.kill('SIGKILL');
            }, afterMs);
          },
        }),
      );
    }
    site.slowDown(0);
    runs.push(await place.migrate());
    expect(runs.at(-1)?.code).toBe(0);
    await expectAllAccountedFor(site, place, runs);
    await place.remove();
  });

  test('what a kill makes us fetch again is what was in flight or not yet noted', async () => {
    const place = await placeFor(site);
    const before = site.requests();
    const killed = await place.migrate([], { killAt: { boundary: 'bucket.committed', time: 800 } });
    const resumed = await place.migrate();
    // Stored objects are never fetched twice: the bucket is asked first.
    const fetched = site.requests() - before;
    const startChecks = 2;
    expect(fetched).toBeLessThanOrEqual(OBJECTS + startChecks + 64);
    expect(resumed.summary?.carried.listed ?? 0).toBeGreaterThan(0);
    await expectAllAccountedFor(site, place, [killed, resumed]);
    await place.remove();
  });
});
