import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readJob } from '../../src/checkpoint/read-job.ts';
import { allResults } from '../checkpoint/all-results.ts';
import { type LackingSite, startLackingSite } from '../support/lacking-site.ts';
import { contradictions, plainFiles } from '../support/oracle.ts';
import { type CliOptions, type CliResult, runCli } from '../support/run-cli.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';

// More than two segments, each with failed entries between others.
const KEYS = Array.from({ length: 2100 }, (_, index) => `o-${index}`);
const LACKING = KEYS.filter((_, index) => index % 3 !== 0);
/** Of those that were lacking, the ones that are never there. */
const NEVER = LACKING.filter((_, index) => index % 10 === 0);

/** For a machine that is busy with more than this. */
const PATIENCE_MS = 120_000;

let site: LackingSite;
let place: Workplace;
let first: CliResult;

beforeEach(async () => {
  site = await startLackingSite(KEYS, LACKING);
  place = await workplace(rulesFor([site.url]));
  await place.list(KEYS);
  first = await place.migrate();
  expect(first.summary).toMatchObject({ copied: 700, failed: 1400 });
  site.lacking.clear();
  for (const key of NEVER) site.lacking.add(key);
}, PATIENCE_MS);
afterEach(async () => {
  await Promise.all([site.close(), place.remove()]);
});

const retry = (args: readonly string[] = [], options: CliOptions = {}): Promise<CliResult> =>
  runCli(['retry', place.rules, '--json', ...args], { ownProcess: true, ...options });

/** Proves that bucket, checkpoint and results agree with what the origin has. */
async function expectSettled(runs: readonly CliResult[]): Promise<void> {
  const objects = new Map([...site.digests].filter(([key]) => !site.lacking.has(key)));
  const stored = () => plainFiles(place.bucket);
  expect(await contradictions([first, ...runs], { entries: KEYS, objects, stored })).toEqual([]);
  const failed = site.lacking.size;
  const jobs = path.join(place.folder, '.bucketfill/jobs');
  const directory = path.join(jobs, (await readdir(jobs))[0] ?? '', 'state');
  const { finished, reopened, progress } = readJob(directory) ?? expect.fail();
  const { copied, skipped } = progress;
  expect({ finished, reopened, arrived: copied + skipped, failed: progress.failed }).toEqual({
    ...{ finished: true, reopened: false, arrived: KEYS.length - failed, failed },
  });
  const last = new Map<string, string>();
  for (const one of await allResults(directory)) {
    last.set(`${one.segment}/${one.index}`, one.outcome);
  }
  const outcomes = [...last.values()];
  expect(outcomes).toHaveLength(KEYS.length);
  expect(outcomes.filter((outcome) => outcome === 'failed')).toHaveLength(failed);
}

describe('a retry that is killed with SIGKILL, run again: every key is right', () => {
  test.each([
    ['checkpoint.begun', 1],
    ['bucket.written', 900],
    ['bucket.committed', 1100],
    ['checkpoint.committed', 2],
    ['job.finished', 1],
  ] as const)('at %s, time %i', async (boundary, time) => {
    const killed = await retry([], { killAt: { boundary, time } });
    expect(killed.code).toBeNull();
    const again = await retry();
    expect(again.code).toBe(3);
    const isOver = boundary === 'job.finished';
    if (isOver) expect(again.summary).toMatchObject({ listed: NEVER.length, copied: 0 });
    await expectSettled([killed, again]);
  });

  test('at moments that nobody chose, with the command that began the job in between', async () => {
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
