import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { readJob } from '../../src/checkpoint/read-job.ts';
import { allResults } from '../checkpoint/all-results.ts';
import { type LackingSite, startLackingSite } from '../support/lacking-site.ts';
import { contradictions, plainFiles } from '../support/oracle.ts';
import { type CliOptions, type CliResult, runCli } from '../support/run-cli.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';

/** One segment, and the beginning of the next; each has failed entries between others. */
const TWO_SEGMENTS = 1101;
const THREE_SEGMENTS = 2100;

let site: LackingSite;
let place: Workplace;
let first: CliResult;

/** A job of which two thirds of the keys failed; one in ten of those is never there. */
async function begin(count: number): Promise<void> {
  const keys = Array.from({ length: count }, (_, index) => `o-${index}`);
  const lacking = keys.filter((_, index) => index % 3 !== 0);
  site = await startLackingSite(keys, lacking);
  place = await workplace(rulesFor([site.url]));
  await place.list(keys);
  first = await place.migrate();
  expect(first.summary).toMatchObject({ copied: count / 3, failed: lacking.length });
  site.lacking.clear();
  for (const [index, key] of lacking.entries()) if (index % 10 === 0) site.lacking.add(key);
}
afterEach(async () => {
  await Promise.all([site.close(), place.remove()]);
});

const retry = (args: readonly string[] = [], options: CliOptions = {}): Promise<CliResult> =>
  runCli(['retry', place.rules, '--json', ...args], { ownProcess: true, ...options });

/** Proves that bucket, checkpoint and results agree with what the origin has. */
async function expectSettled(runs: readonly CliResult[]): Promise<void> {
  const entries = [...site.digests.keys()];
  const objects = new Map([...site.digests].filter(([key]) => !site.lacking.has(key)));
  const stored = () => plainFiles(place.bucket);
  expect(await contradictions([first, ...runs], { entries, objects, stored })).toEqual([]);
  const failed = site.lacking.size;
  const jobs = path.join(place.folder, '.bucketfill/jobs');
  const directory = path.join(jobs, (await readdir(jobs))[0] ?? '', 'state');
  const { finished, reopened, progress } = readJob(directory) ?? expect.fail();
  const { copied, skipped } = progress;
  expect({ finished, reopened, arrived: copied + skipped, failed: progress.failed }).toEqual({
    ...{ finished: true, reopened: false, arrived: entries.length - failed, failed },
  });
  const last = new Map<string, string>();
  for (const one of await allResults(directory)) {
    last.set(`${one.segment}/${one.index}`, one.outcome);
  }
  const outcomes = [...last.values()];
  expect(outcomes).toHaveLength(entries.length);
  expect(outcomes.filter((outcome) => outcome === 'failed')).toHaveLength(failed);
}

describe('a retry that is killed with SIGKILL, run again: every key is right', () => {
  test.each([
    ['checkpoint.begun', 1],
    ['bucket.written', 450],
    ['bucket.committed', 630],
    ['checkpoint.committed', 2],
    ['job.finished', 1],
  ] as const)('at %s, time %i', async (boundary, time) => {
    await begin(TWO_SEGMENTS);
    const killed = await retry([], { killAt: { boundary, time } });
    expect(killed.code).toBeNull();
    const again = await retry();
    expect(again.code).toBe(3);
    const isOver = boundary === 'job.finished';
    if (isOver) expect(again.summary).toMatchObject({ listed: site.lacking.size, copied: 0 });
    await expectSettled([killed, again]);
  });

  test('at moments that nobody chose, with the command that began the job in between', async () => {
    await begin(THREE_SEGMENTS);
    const runs: CliResult[] = [];
    for (const requests of [1, 300, 500, 200]) {
      let left = requests;
      const options: CliOptions = {
        onStart: (child) => {
          site.onObject = () => {
            left -= 1;
            if (left === 0) child.kill('SIGKILL');
          };
        },
      };
      const resumed = runs.length === 2 ? place.migrate([], options) : retry([], options);
      runs.push(await resumed);
    }
    site.onObject = () => undefined;
    site.lacking.clear();
    // What the killed runs had settled as failed waits for a retry of its own.
    runs.push(await retry());
    while (runs.at(-1)?.code === 3) runs.push(await retry());
    expect(runs.filter(({ code }) => code === null).length).toBeGreaterThan(1);
    expect(runs.at(-1)?.code).toBe(0);
    await expectSettled(runs);
  });
});
