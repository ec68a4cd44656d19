import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Site, startSite } from '../support/site.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';

let site: Site;
let doomed: Site;
let place: Workplace;

beforeEach(async () => {
  [site, doomed] = await Promise.all([startSite(30), startSite(30)]);
  place = await workplace('');
});
afterEach(async () => {
  await Promise.all([site.close(), doomed.close(), place.remove()]);
});

/** A rule for `dir0/` whose only origin is going to die, and one for everything else. */
function twoRules(giveUpAfter: string): string {
  return `version: 1
allowPrivate: true
bucket: { url: file:./bucket }
rules:
  - id: doomed
    match: { keyPrefix: dir0/ }
    origins:
      masters: [${doomed.url}]
      retries: { perAddress: 1, base: 1ms }
      giveUpAfter: ${giveUpAfter}
  - id: fine
    origins: { masters: [${site.url}] }
`;
}

const isDoomed = (key: string): boolean => key.startsWith('dir0/');

describe('a rule whose only origin dies during the run', () => {
  test('does not hold up the other rules; its keys are left for the next run, exit 5', async () => {
    await place.writeRules(twoRules('2s'));
    const ordered = [...site.keys.filter(isDoomed), ...site.keys.filter((key) => !isDoomed(key))];
    await place.list(ordered);
    doomed.slowDown(1000);
    const run = await place.migrate(['--concurrency', '2'], {
      onStart: ({ stdout }) => {
        const timer = setInterval(() => {
          if (!stdout().includes('"start"')) return;
          clearInterval(timer);
          doomed.close().catch(() => undefined);
        }, 5);
      },
    });
    expect(run.code).toBe(5);
    expect(run.stderr).toContain('rule doomed');
    const live = site.keys.filter((key) => !isDoomed(key)).length;
    expect(run.summary).toMatchObject({ copied: live, failed: 0, exitCode: 5 });

    await place.writeRules(twoRules('2s').replace(doomed.url, site.url));
    const resumed = await place.migrate();
    expect(resumed.code).toBe(0);
    expect(resumed.summary).toMatchObject({
      resumed: true,
      copied: 30 - live,
      carried: { copied: live },
    });
  });

  test('lets SIGTERM end the run at once: 143, not 5', async () => {
    await place.writeRules(twoRules('10m'));
    await place.list(site.keys.filter(isDoomed));
    doomed.slowDown(300);
    const started = Date.now();
    const run = await place.migrate([], {
      onStart: ({ stdout, kill }) => {
        const timer = setInterval(() => {
          if (!stdout().includes('"start"')) return;
          clearInterval(timer);
          doomed.close().catch(() => undefined);
          setTimeout(() => {
            kill('SIGTERM');
          }, 1500);
        }, 5);
      },
    });
    expect(run.code).toBe(143);
    expect(run.summary).toMatchObject({ failed: 0, exitCode: 143 });
    expect(Date.now() - started).toBeLessThan(15_000);
  });
});

test('an origin that is 503 for a while costs no key', async () => {
  await place.writeRules(rulesFor([site.url]));
  await place.list(site.keys);
  site.throttleFor(1500);
  const run = await place.migrate(['--concurrency', '8']);
  expect(run.summary).toMatchObject({ copied: 30, failed: 0 });
  expect(run.code).toBe(0);
});

describe('what waits for nobody', () => {
  test('a reader of stdout that hangs is left by the second SIGTERM', async () => {
    await place.writeRules(rulesFor([site.url]));
    // More events than a pipe holds: every line is a failed entry of its own.
    const keys = Array.from({ length: 8000 }, (_, index) => `${'k'.repeat(1100)}${index}`);
    await place.list(keys);
    const run = await place.migrate(['--quiet'], {
      onStart: ({ stdout, kill, pauseStdout }) => {
        const timer = setInterval(() => {
          if (!stdout().includes('"start"')) return;
          clearInterval(timer);
          pauseStdout();
          for (const ms of [1000, 1500]) setTimeout(kill, ms, 'SIGTERM');
        }, 1);
      },
    });
    expect(run.code).toBe(143);
  });

  test('an open stdin does not keep a run that has ended with an error', async () => {
    await place.writeRules(rulesFor([site.url]));
    const stdin = `${site.keys.join('\n')}\n`;
    const args = ['--keys', '-'];
    expect((await place.migrate(args, { stdin })).code).toBe(0);
    const refused = await place.migrate([...args, '--overwrite', 'always'], {
      stdin,
      stdinStaysOpen: true,
    });
    expect(refused.code).toBe(6);
  });

  test('another list on stdin after a finished job is a new pass', async () => {
    await place.writeRules(rulesFor([site.url]));
    const [one = '', two = '', three = ''] = site.keys;
    const run = (stdin: string) => place.migrate(['--keys', '-'], { stdin });
    expect((await run(`${one}\n`)).code).toBe(0);
    expect((await run(`${two}\n${three}\n`)).summary).toMatchObject({ copied: 2, resumed: false });
    expect((await run(`${one}\n`)).summary).toMatchObject({ skipped: 1, resumed: false });
  });
});
