import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contradictions, plainFiles } from '../support/oracle.ts';
import type { CliResult } from '../support/run-cli.ts';
import { type Site, startSite } from '../support/site.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';

/** One segment of a list; more of them are killed in the integration lane. */
const FEW = 150;
let site: Site;

beforeAll(async () => {
  site = await startSite(FEW);
});
afterAll(async () => {
  await site.close();
});

async function expectAllAccountedFor(place: Workplace, runs: readonly CliResult[]): Promise<void> {
  const expected = {
    entries: site.keys,
    objects: site.digests,
    stored: () => plainFiles(place.bucket),
  };
  expect(await contradictions(runs, expected)).toEqual([]);
}

describe('killed with SIGKILL, run again: every entry is accounted for', () => {
  const BOUNDARIES = [
    ['checkpoint.begun', 1],
    ['bucket.written', 1],
    ['bucket.described', 1],
    ['bucket.committed', 1],
    ['events.flushed', 1],
    ['checkpoint.committed', 1],
    ['job.finished', 1],
  ] as const;

  test.each(BOUNDARIES)('at %s, time %i', async (boundary, time) => {
    const place = await workplace(rulesFor([site.url]));
    await place.list(site.keys);
    const killed = await place.migrate([], { killAt: { boundary, time } });
    expect(killed.code).toBeNull();
    const resumed = await place.migrate();
    expect(resumed.code).toBe(0);
    if (boundary === 'job.finished') {
      // The job was over: the second run looks at every key once more.
      expect(resumed.summary).toMatchObject({ resumed: false, skipped: FEW, copied: 0 });
    }
    await expectAllAccountedFor(place, [killed, resumed]);
    await place.remove();
  });
});

describe('interrupted by a signal', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s drains, exits %i, and the next run resumes', async (signal, code) => {
    const place = await workplace(rulesFor([site.url]));
    await place.list(site.keys);
    site.slowDown(20);
    const interrupted = await place.migrate(['--concurrency', '8'], {
      onStart: ({ kill, stdout }) => {
        const timer = setInterval(() => {
          if (!stdout().includes('"copied"')) return;
          clearInterval(timer);
          kill(signal);
        }, 5);
      },
    });
    site.slowDown(0);
    expect(interrupted.code).toBe(code);
    expect(interrupted.summary).toMatchObject({ exitCode: code, failed: 0 });
    expect(interrupted.summary?.listed).toBe(interrupted.objects.length);
    expect(interrupted.stderr).toContain(`${signal}: finishing what is in flight`);
    const resumed = await place.migrate();
    expect(resumed.code).toBe(0);
    // Everything that was told is noted, so nothing is looked at twice.
    expect(resumed.summary?.carried.listed).toBe(interrupted.summary?.listed);
    await expectAllAccountedFor(place, [interrupted, resumed]);
    await place.remove();
  });

  test('a second SIGINT aborts what is in flight; those entries stay open', async () => {
    const place = await workplace(rulesFor([site.url]));
    await place.list(site.keys);
    site.slowDown(60_000);
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
    site.slowDown(0);
    expect(aborted.code).toBe(130);
    const resumed = await place.migrate();
    expect(resumed.code).toBe(0);
    await expectAllAccountedFor(place, [aborted, resumed]);
    await place.remove();
  });
});
