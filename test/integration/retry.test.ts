import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readLastRun } from '../../src/checkpoint/last-run.ts';
import { readJob } from '../../src/checkpoint/read-job.ts';
import { allResults } from '../checkpoint/all-results.ts';
import { type LackingSite, startLackingSite } from '../support/lacking-site.ts';
import { contradictions, plainFiles } from '../support/oracle.ts';
import { type CliOptions, type CliResult, runCli } from '../support/run-cli.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';

const KEYS = Array.from({ length: 30 }, (_, index) => `o-${index}`);
/** Two that are there later, and one that never is. */
const [FIRST, SECOND, NEVER] = ['o-3', 'o-17', 'o-29'] as const;

let site: LackingSite;
let place: Workplace;

beforeEach(async () => {
  site = await startLackingSite(KEYS, [FIRST, SECOND, NEVER]);
  place = await workplace(rulesFor([site.url]));
  await place.list(KEYS);
});
afterEach(async () => {
  await Promise.all([site.close(), place.remove()]);
});

const retry = (args: readonly string[] = [], options: CliOptions = {}): Promise<CliResult> =>
  runCli(['retry', place.rules, '--json', ...args], options);

async function jobFolder(name?: string): Promise<string> {
  const jobs = path.join(place.folder, '.bucketfill/jobs');
  const [only = ''] = await readdir(jobs);
  return path.join(jobs, name ?? only, 'state');
}

/** What the results log says at last of each key. */
async function lastResults(): Promise<ReadonlyMap<string, string>> {
  const results = await allResults(await jobFolder());
  return new Map(results.map((one) => ['key' in one ? one.key : '', one.outcome]));
}

/** Every object has arrived, and every entry was told by some run. */
async function expectFilled(runs: readonly CliResult[]): Promise<void> {
  const objects = new Map([...site.digests].filter(([key]) => !site.lacking.has(key)));
  const stored = () => plainFiles(place.bucket);
  expect(await contradictions(runs, { entries: KEYS, objects, stored })).toEqual([]);
}

const told = ({ objects }: CliResult): Record<string, string> =>
  Object.fromEntries(objects.map((one) => ['key' in one ? one.key : '', one.outcome]));

describe('retry', () => {
  test('examines what failed and nothing else, and counts the rest as carried', async () => {
    const first = await place.migrate();
    expect(first.summary).toMatchObject({ copied: 27, failed: 3, exitCode: 3 });
    site.lacking.delete(FIRST);
    site.lacking.delete(SECOND);
    const before = site.asked.length;
    const again = await retry();
    expect(again.code).toBe(3);
    expect(again.events[0]).toMatchObject({ event: 'start', command: 'retry', resumed: true });
    expect(told(again)).toEqual({ [FIRST]: 'copied', [SECOND]: 'copied', [NEVER]: 'failed' });
    expect(again.summary).toMatchObject({
      command: 'retry',
      ...{ listed: 3, copied: 2, skipped: 0, failed: 1 },
      carried: { listed: 27, copied: 27, skipped: 0, failed: 0 },
    });
    // The start check, and each of the three.
    expect(site.asked.slice(before).toSorted()).toEqual(['/', '/o-17', '/o-29', '/o-3']);
    await expectFilled([first, again]);
  });

  test('can be given again until nothing is left, which is exit 0', async () => {
    const first = await place.migrate();
    site.lacking.delete(FIRST);
    const second = await retry();
    expect(second.summary).toMatchObject({ copied: 1, failed: 2 });
    site.lacking.clear();
    const third = await retry();
    expect(third).toMatchObject({ code: 0, summary: { listed: 2, copied: 2, failed: 0 } });
    await expectFilled([first, second, third]);
    const asked = site.asked.length;
    const none = await retry();
    expect([none.code, none.stderr]).toEqual([0, expect.stringContaining('no key failed in job')]);
    expect(none.events.map(({ event }) => event)).toEqual(['start', 'summary']);
    expect(none.summary).toMatchObject({ listed: 0, carried: { copied: 30 }, exitCode: 0 });
    expect(site.asked).toHaveLength(asked);
    expect((await runCli(['retry', place.rules, '--quiet'])).stderr).toBe('');
  });

  test('leaves a state that status and results tell rightly of', async () => {
    await place.migrate();
    site.lacking.delete(FIRST);
    await retry();
    expect(readJob(await jobFolder())).toMatchObject({
      finished: true,
      reopened: false,
      progress: { copied: 28, failed: 2, failures: { ORIGIN_NOT_FOUND: 2 }, openEntries: 0 },
    });
    const summary = { command: 'retry', listed: 3, copied: 1, failed: 2 };
    expect(await readLastRun(await jobFolder())).toMatchObject({ command: 'retry', summary });
    const last = await lastResults();
    expect(last.size).toBe(30);
    expect([last.get(FIRST), last.get(SECOND)]).toEqual(['copied', 'failed']);
  });

  test.each([
    ['failures', { [FIRST]: 'copied', [SECOND]: 'failed', [NEVER]: 'failed' }],
    ['none', {}],
  ])('with --results %s leaves no line that says otherwise', async (kept, expected) => {
    await place.migrate(['--results', kept]);
    site.lacking.delete(FIRST);
    await retry();
    expect(Object.fromEntries(await lastResults())).toEqual(expected);
  });

  test('with --dry-run says what would be tried again, and changes nothing', async () => {
    await place.migrate();
    site.lacking.clear();
    const plan = await retry(['--dry-run']);
    expect(plan.code).toBe(0);
    expect(told(plan)).toEqual({ [FIRST]: 'planned', [SECOND]: 'planned', [NEVER]: 'planned' });
    expect(readJob(await jobFolder())).toMatchObject({ finished: true, progress: { failed: 3 } });
    expect((await retry()).summary).toMatchObject({ listed: 3, copied: 3 });
  });

  test('overwrites as its job did', async () => {
    await place.migrate(['--overwrite', 'always']);
    await writeFile(path.join(place.bucket, FIRST), 'there meanwhile');
    site.lacking.clear();
    expect((await retry()).summary).toMatchObject({ copied: 3, skipped: 0 });
    await place.migrate(['--new-job']);
    site.lacking.add(FIRST);
    await rm(path.join(place.bucket, FIRST));
    await place.migrate();
    await writeFile(path.join(place.bucket, FIRST), 'there meanwhile');
    expect((await retry()).summary).toMatchObject({ copied: 0, skipped: 1 });
  });

  test('goes by the present addresses of the origins', async () => {
    await place.migrate();
    const other = await startLackingSite(KEYS, []);
    await place.writeRules(rulesFor([other.url]));
    const again = await retry();
    expect([again.code, other.asked.filter((wire) => wire !== '/')]).toEqual([
      0,
      expect.arrayContaining(['/o-3', '/o-17', '/o-29']),
    ]);
    await other.close();
  });
});

describe('retry takes the entries again from', () => {
  test('a compressed list, and only what is left of it', async () => {
    const keys = path.join(place.folder, 'keys.csv.gz');
    await writeFile(keys, gzipSync(`key\n${KEYS.join('\n')}\n`));
    await runCli(['migrate', place.rules, '--keys', keys, '--json']);
    site.lacking.clear();
    const again = await retry();
    expect(told(again)).toEqual({ [FIRST]: 'copied', [SECOND]: 'copied', [NEVER]: 'copied' });
  });

  test('what came on stdin', async () => {
    const list = { stdin: gzipSync(KEYS.map((key) => `${key}\n`).join('')) };
    await runCli(['migrate', place.rules, '--keys', '-', '--json'], list);
    site.lacking.clear();
    expect(await retry()).toMatchObject({ code: 0, summary: { listed: 3, copied: 3 } });
  });

  test('the manifest of a scan, and scans nothing', async () => {
    await runCli(['migrate', place.rules, '--json']);
    site.lacking.clear();
    const before = site.asked.length;
    const again = await retry();
    expect(again).toMatchObject({ code: 0, summary: { listed: 3, copied: 3, listingErrors: 0 } });
    expect(site.asked.slice(before)).not.toContain('/robots.txt');
  });

  test('a list that has grown, without what came to it', async () => {
    await place.migrate();
    await place.list([...KEYS, 'new']);
    site.lacking.clear();
    expect(await retry()).toMatchObject({ code: 0, summary: { listed: 3, copied: 3 } });
  });
});

describe('retry refuses', () => {
  test('where no job is: exit 2', async () => {
    const none = await retry();
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('bucketfill migrate')]);
    await place.migrate();
    const other = await retry(['--job', 'daily']);
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('no job "daily"')]);
    expect(await readdir(path.join(place.folder, '.bucketfill/jobs'))).toHaveLength(1);
  });

  test('a job that was interrupted before its end: exit 2, and says what ends it', async () => {
    const killAt = { boundary: 'checkpoint.committed', time: 1 };
    await place.migrate(['--concurrency', '2'], { killAt });
    const refused = await retry();
    const advice = `run \`bucketfill migrate ${place.rules} --keys ${place.keys}\` again`;
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(advice)]);
    expect((await place.migrate()).summary).toMatchObject({ resumed: true });
    await place.migrate(['--concurrency', '2', '--job', 'nightly'], { killAt });
    const named = await retry(['--job', 'nightly']);
    expect(named.stderr).toContain(`--keys ${place.keys} --job nightly\` again`);
  });

  test('a list that is gone: exit 2, and the failed keys stay failed', async () => {
    await place.migrate();
    await rm(place.keys);
    const gone = await retry();
    expect([gone.code, gone.stderr]).toEqual([2, expect.stringContaining(place.keys)]);
    expect(readJob(await jobFolder())).toMatchObject({ finished: true, progress: { failed: 3 } });
  });

  test('another list in its place, and other rules: exit 6, and nothing is changed', async () => {
    await place.migrate();
    await place.list(KEYS.toReversed());
    const list = await retry();
    expect([list.code, list.stderr]).toEqual([6, expect.stringContaining('no longer begins')]);
    await place.list(KEYS);
    await place.writeRules(rulesFor([site.url], [], '    match: { keyPrefix: o }\n'));
    const rules = await retry();
    expect([rules.code, rules.stderr]).toEqual([6, expect.stringContaining('match changed')]);
    expect(readJob(await jobFolder())).toMatchObject({ finished: true, progress: { failed: 3 } });
  });

  test('a job whose source nobody noted: exit 2', async () => {
    await place.migrate();
    await writeFile(path.join(await jobFolder(), 'source.json'), '{"version":9}');
    const unknown = await retry();
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('does not say')]);
  });

  test('an origin that is down: exit 5, and the failed keys stay failed', async () => {
    await place.migrate();
    await place.writeRules(rulesFor(['http://127.0.0.1:1/']));
    expect((await retry()).code).toBe(5);
    expect(readJob(await jobFolder())).toMatchObject({ finished: true, progress: { failed: 3 } });
  });
});

test('a begun job says where its keys come from, and nothing of who began it', async () => {
  await place.migrate();
  const source: unknown = JSON.parse(
    await readFile(path.join(await jobFolder(), 'source.json'), 'utf8'),
  );
  expect(source).toEqual({
    version: 1,
    command: 'migrate',
    entries: { from: 'list', path: place.keys, format: 'plain' },
    flags: { overwrite: 'never', keys: 'list' },
    results: 'all',
  });
});

test('retry --help tells what its exit codes mean', async () => {
  const { stdout } = await runCli(['retry', '--help']);
  expect(stdout).toMatch(/0 every failed key is settled/);
});
