import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contradictions, plainFiles } from '../support/oracle.ts';
import type { CliResult } from '../support/run-cli.ts';
import { type Site, startSite } from '../support/site.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';

// More entries than a segment holds, so that segments are closed, open and unread when it dies.
const OBJECTS = 1100;
/** Enough where one segment shows it as well. */
const FEW = 150;
let site: Site;
let small: Site;

beforeAll(async () => {
  [site, small] = await Promise.all([startSite(OBJECTS), startSite(FEW)]);
});
afterAll(async () => {
  await Promise.all([site.close(), small.close()]);
});

async function expectAllAccountedFor(
  place: Workplace,
  runs: readonly CliResult[],
  { keys, digests } = site,
): Promise<void> {
  const expected = { entries: keys, objects: digests, stored: () => plainFiles(place.bucket) };
  expect(await contradictions(runs, expected)).toEqual([]);
}

describe('killed with SIGKILL, run again: every entry is accounted for', () => {
  const BOUNDARIES = [
    ['checkpoint.begun', 1],
    ['bucket.written', 1],
    ['bucket.written', 700],
    ['bucket.described', 1],
    ['bucket.described', 800],
    ['bucket.committed', 1],
    ['bucket.committed', 1050],
    ['events.flushed', 1],
    ['events.flushed', 3],
    ['checkpoint.committed', 1],
    ['checkpoint.committed', 3],
    ['job.finished', 1],
  ] as const;

  test.each(BOUNDARIES)('at %s, time %i', async (boundary, time) => {
    const from = time === 1 ? small : site;
    const place = await workplace(rulesFor([from.url]));
    await place.list(from.keys);
    const killed = await place.migrate([], { killAt: { boundary, time } });
    expect(killed.code).toBeNull();
    const resumed = await place.migrate();
    expect(resumed.code).toBe(0);
    if (boundary === 'job.finished') {
      // The job was over: the second run looks at every key once more.
      expect(resumed.summary).toMatchObject({ resumed: false, skipped: FEW, copied: 0 });
    }
    await expectAllAccountedFor(place, [killed, resumed], from);
    await place.remove();
  });

  test('six times in a row, at moments that nobody chose', async () => {
    const place = await workplace(rulesFor([site.url]));
    await place.list(site.keys);
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
    await expectAllAccountedFor(place, runs);
    await place.remove();
  });

  test('what a kill makes us fetch again is what was in flight or not yet noted', async () => {
    const place = await workplace(rulesFor([site.url]));
    await place.list(site.keys);
    const before = site.requests();
    const killed = await place.migrate([], { killAt: { boundary: 'bucket.committed', time: 800 } });
    const resumed = await place.migrate();
    // Stored objects are never fetched twice: the bucket is asked first.
    const fetched = site.requests() - before;
    const startChecks = 2;
    expect(fetched).toBeLessThanOrEqual(OBJECTS + startChecks + 64);
    expect(resumed.summary?.carried.listed ?? 0).toBeGreaterThan(0);
    await expectAllAccountedFor(place, [killed, resumed]);
    await place.remove();
  });
});

describe('interrupted by a signal', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s drains, exits %i, and the next run resumes', async (signal, code) => {
    const place = await workplace(rulesFor([small.url]));
    await place.list(small.keys);
    small.slowDown(20);
    const interrupted = await place.migrate(['--concurrency', '8'], {
      onStart: ({ kill, stdout }) => {
        const timer = setInterval(() => {
          if (!stdout().includes('"copied"')) return;
          clearInterval(timer);
          kill(signal);
        }, 5);
      },
    });
    small.slowDown(0);
    expect(interrupted.code).toBe(code);
    expect(interrupted.summary).toMatchObject({ exitCode: code, failed: 0 });
    expect(interrupted.summary?.listed).toBe(interrupted.objects.length);
    expect(interrupted.stderr).toContain(`${signal}: finishing what is in flight`);
    const resumed = await place.migrate();
    expect(resumed.code).toBe(0);
    // Everything that was told is noted, so nothing is looked at twice.
    expect(resumed.summary?.carried.listed).toBe(interrupted.summary?.listed);
    await expectAllAccountedFor(place, [interrupted, resumed], small);
    await place.remove();
  });

  test('a second SIGINT aborts what is in flight; those entries stay open', async () => {
    const place = await workplace(rulesFor([small.url]));
    await place.list(small.keys);
    small.slowDown(60_000);
    const aborted = await place.migrate(['--concurrency', '8'], {
      onStart: ({ kill }) => {
        setTimeout(() => {
          kill('SIGINT');
          setTimeout(() => {
            kill('SIGINT');
          }, 100);
        }, 1500);
      },
    });
    small.slowDown(0);
    expect(aborted.code).toBe(130);
    const resumed = await place.migrate();
    expect(resumed.code).toBe(0);
    await expectAllAccountedFor(place, [aborted, resumed], small);
    await place.remove();
  });
});
