import { readdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openJob } from '../../src/checkpoint/job-folder.ts';
import { readJob } from '../../src/checkpoint/read-job.ts';
import { processSurroundings } from '../../src/cli/surroundings.ts';
import type { SegmentRecord } from '../../src/model/checkpoint.ts';
import { allResults } from '../checkpoint/all-results.ts';
import { indexOf, startIndexSite } from '../support/index-site.ts';
import { type LackingSite, startLackingSite } from '../support/lacking-site.ts';
import { type CliOptions, type CliResult, runCli } from '../support/run-cli.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';

const KEYS = Array.from({ length: 40 }, (_, index) => `o-${index}`);
const LACKING = KEYS.filter((_, index) => index % 2 === 0);

let site: LackingSite;
let place: Workplace;

beforeEach(async () => {
  site = await startLackingSite(KEYS, LACKING);
  place = await workplace(rulesFor([site.url]));
  await place.list(KEYS);
});
afterEach(async () => {
  await Promise.all([site.close(), place.remove()]);
});

const retry = (args: readonly string[] = [], options: CliOptions = {}): Promise<CliResult> =>
  runCli(['retry', place.rules, '--json', ...args], options);
const jobs = (): string => path.join(place.folder, '.bucketfill/jobs');
const stateOf = (job: string): string => path.join(jobs(), job, 'state');
const onlyJob = async (): Promise<string> => (await readdir(jobs()))[0] ?? '';

describe('a retry that was interrupted', () => {
  const killAt = { boundary: 'checkpoint.committed', time: 1 };

  beforeEach(async () => {
    await place.migrate();
    for (const key of LACKING.slice(1)) site.lacking.delete(key);
  });

  test('is gone on with by the next one, which leaves settled keys alone', async () => {
    const killed = await retry(['--concurrency', '1'], { killAt });
    expect(killed.code).toBeNull();
    const status = await runCli(['status', place.rules]);
    expect(status.stdout).toContain('a retry was interrupted: `bucketfill retry` goes on with it');
    const again = await retry();
    expect(again).toMatchObject({ code: 3, summary: { resumed: true } });
    const { listed = 0, carried } = again.summary ?? {};
    expect(listed + (carried?.listed ?? 0)).toBe(KEYS.length);
    expect(carried?.listed).toBeGreaterThan(LACKING.length);
    const { finished, progress } = readJob(stateOf(await onlyJob())) ?? expect.fail();
    // What was stored just before the kill is there already.
    const arrived = progress.copied + progress.skipped;
    expect({ finished, arrived, failed: progress.failed }).toEqual({
      ...{ finished: true, arrived: 39, failed: 1 },
    });
  });

  test('before it began to examine anything loses no key', async () => {
    await retry([], { killAt: { boundary: 'checkpoint.begun', time: 1 } });
    const plan = await retry(['--dry-run']);
    expect(plan.summary).toMatchObject({ listed: 20, planned: 20 });
    expect((await retry()).summary).toMatchObject({ listed: 20, copied: 19, failed: 1 });
  });

  test('is gone on with by the command that began the job, and its results stay right', async () => {
    await place.migrate(['--results', 'failures', '--new-job']);
    await retry(['--concurrency', '1'], { killAt: { boundary: 'checkpoint.begun', time: 1 } });
    site.lacking.clear();
    await place.list([...KEYS, 'o-3']);
    const resumed = await place.migrate(['--results', 'failures']);
    expect(resumed.summary).toMatchObject({ resumed: true, failed: 0 });
    const results = await allResults(stateOf(await onlyJob()));
    const last = new Map(results.map((one) => [`${one.segment}/${one.index}`, one.outcome]));
    expect([...last.values()]).not.toContain('failed');
  });

  test('after which the command went on with more of its list is that command’s to end', async () => {
    await retry([], { killAt: { boundary: 'checkpoint.begun', time: 1 } });
    await place.list([...KEYS, ...Array.from({ length: 2000 }, (_, index) => `more-${index}`)]);
    await place.migrate([], { killAt: { boundary: 'checkpoint.committed', time: 2 } });
    const refused = await retry();
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('was interrupted')]);
  });
});

describe('of several jobs', () => {
  beforeEach(async () => {
    await place.migrate(['--job', 'early']);
    await place.migrate(['--job', 'late']);
  });

  test('the one that ran last is retried, and the others are named', async () => {
    const run = await retry();
    expect(run.events[0]).toMatchObject({ job: 'late' });
    expect(run.stderr).toContain(
      'job late, which ran last; --job takes another with failures: early',
    );
  });

  test('--job takes another', async () => {
    site.lacking.clear();
    const run = await retry(['--job', 'early']);
    expect([run.events[0], run.code]).toEqual([expect.objectContaining({ job: 'early' }), 0]);
    expect((await retry()).events[0]).toMatchObject({ job: 'late' });
  });
});

describe('a job that another run holds', () => {
  async function held(): Promise<() => Promise<void>> {
    await place.migrate(['--job', 'nightly']);
    const { clock, host, pid } = processSurroundings();
    const job = await openJob({
      ...{ stateDir: path.join(place.folder, '.bucketfill'), job: 'nightly' },
      ...{ wait: false, newJob: false, results: 'all', clock },
      holder: { pid, host, command: 'migrate' },
      signal: new AbortController().signal,
    });
    return () => job.release();
  }

  test('is exit 7, and with --wait it is waited for', async () => {
    const release = await held();
    const asked = site.asked.length;
    const refused = await retry();
    expect([refused.code, refused.stderr]).toEqual([7, expect.stringContaining('locked by')]);
    expect(site.asked).toHaveLength(asked);
    site.lacking.clear();
    const waiting = retry(['--wait'], {
      onStart: ({ stderr }) => {
        const timer = setInterval(() => {
          if (!stderr().includes('waiting')) return;
          clearInterval(timer);
          release().catch(() => undefined);
        }, 10);
      },
    });
    expect(await waiting).toMatchObject({ code: 0, summary: { copied: 20 } });
  });
});

describe('a job whose scan could not list a page', () => {
  test('stays incomplete: retry copies what failed, says so, and is exit 3', async () => {
    let isThere = false;
    const object = () => (isThere ? 'now' : undefined);
    const pages = await startIndexSite((wire) => {
      if (wire === '/') return indexOf(['a', 'd/']);
      return wire === '/a' ? object() : undefined;
    });
    await place.writeRules(rulesFor([pages.url]));
    const first = await runCli(['migrate', place.rules, '--json']);
    expect(first.summary).toMatchObject({ failed: 1, listingErrors: 1, exitCode: 3 });
    isThere = true;
    for (const copied of [1, 0]) {
      const run = await retry();
      expect(run).toMatchObject({ code: 3, summary: { copied, failed: 0, listingErrors: 1 } });
      expect(run.stderr).toContain(`\`bucketfill migrate ${place.rules}\` scans again`);
    }
    await pages.close();
  });
});

test('a scan copies nothing, so there is nothing of it to retry', async () => {
  const manifest = path.join(place.folder, 'm.jsonl');
  await runCli(['scan', place.rules, '-o', manifest, '--json']);
  const none = await retry();
  expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('that copies anything')]);
});

test('a sync’s changes are retried from the list in its job', async () => {
  const lines = KEYS.map((key) => `${JSON.stringify({ key })}\n`).join('');
  const list = path.join(place.folder, 'changes.jsonl');
  await writeFile(list, lines);
  await runCli(['migrate', place.rules, '--keys', list, '--job', 'mirror', '--json']);
  const directory = stateOf('mirror');
  await rename(list, path.join(directory, 'changes.jsonl'));
  const source = { version: 1, command: 'sync', entries: { from: 'changes' }, results: 'all' };
  const flags = { overwrite: 'never', keys: 'list', 'keys-format': 'jsonl' };
  await writeFile(path.join(directory, 'source.json'), JSON.stringify({ ...source, flags }));
  site.lacking.clear();
  const run = await retry(['--job', 'mirror']);
  expect(run).toMatchObject({ code: 0, summary: { listed: 20, copied: 20 } });
});

test('reopening and settling leaves each entry once in the bitmap', async () => {
  await place.migrate(['--job', 'nightly']);
  site.lacking.clear();
  await retry();
  const { clock, host, pid } = processSurroundings();
  const job = await openJob({
    ...{ stateDir: path.join(place.folder, '.bucketfill'), job: 'nightly' },
    ...{ wait: false, newJob: false, results: 'all', clock },
    holder: { pid, host, command: 'test' },
    signal: new AbortController().signal,
  });
  const open: readonly SegmentRecord[] = await job.checkpoint.openSegments();
  expect([open, await job.checkpoint.totals()]).toMatchObject([
    [],
    { segments: 1, copied: 40, skipped: 0, failed: 0 },
  ]);
  await job.release();
});
