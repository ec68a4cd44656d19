import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectAllAccountedFor, killAndResume, placeFor } from '../support/kill-and-resume.ts';
import { type Site, startSite } from '../support/site.ts';

/** One segment of a list; more of them are killed in the integration lane. */
const FEW = 150;
let site: Site;

beforeAll(async () => {
  site = await startSite(FEW);
});
afterAll(async () => {
  await site.close();
});

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
    const resumed = await killAndResume(site, boundary, time);
    // The job was over: the second run looks at every key once more.
    const isOver = boundary === 'job.finished';
    expect(resumed.summary).toMatchObject(
      isOver ? { resumed: false, skipped: FEW, copied: 0 } : { resumed: true },
    );
  });
});

describe('interrupted by a signal', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s drains, exits %i, and the next run resumes', async (signal, code) => {
    const place = await placeFor(site);
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
    await expectAllAccountedFor(site, place, [interrupted, resumed]);
    await place.remove();
  });

  test('a second SIGINT aborts what is in flight; those entries stay open', async () => {
    const place = await placeFor(site);
    site.slowDown(20);
    const aborted = await place.migrate(['--concurrency', '8'], {
      onStart: ({ kill, stdout, stderr }) => {
        /** How many had been asked for when the origin ceased to answer. */
        let answered = Infinity;
        let isTold = false;
        const timer = setInterval(() => {
          if (isTold) {
            if (!stderr().includes('SIGINT: finishing what is in flight')) return;
            clearInterval(timer);
            kill('SIGINT');
          } else if (site.requests() > answered) {
            isTold = true;
            kill('SIGINT');
          } else if (answered === Infinity && stdout().includes('"copied"')) {
            answered = site.requests();
            site.slowDown(60_000);
          }
        }, 5);
      },
    });
    site.slowDown(0);
    expect(aborted.code).toBe(130);
    const resumed = await place.migrate();
    expect(resumed.code).toBe(0);
    await expectAllAccountedFor(site, place, [aborted, resumed]);
    await place.remove();
  });
});
