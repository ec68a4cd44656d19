import { readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { writeLastRun } from '../../src/checkpoint/last-run.ts';
import { openJob } from '../../src/checkpoint/job-folder.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { runCli } from '../support/run-cli.ts';
import { type Site, startSite } from '../support/site.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';
import { copied, failed, MadeJob, summaryOf } from '../report/run-report/made-job.ts';

const KEYS = 40;
const FORMATS = ['html', 'jsonl', 'csv', 'gcs', 's3-batch'];

let site: Site;
let place: Workplace;
beforeAll(async () => {
  site = await startSite(KEYS);
});
afterAll(() => site.close());
beforeEach(async () => {
  place = await workplace(rulesFor([site.url]));
  await place.list([...site.keys, 'nowhere, "quoted"']);
});
afterEach(() => place.remove());

const stateDir = (): string => path.join(place.folder, '.bucketfill');
const report = (...args: string[]) => runCli(['report', place.rules, ...args]);
const jobFolder = async (): Promise<string> => {
  const [job = ''] = await readdir(path.join(stateDir(), 'jobs'));
  return path.join(stateDir(), 'jobs', job, 'state');
};

describe('report', () => {
  test('gives a line for every key of a job, or only for what failed', async () => {
    await place.migrate();
    const lines = (await report('--format', 'jsonl')).stdout.trimEnd().split('\n');
    const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(told).toHaveLength(KEYS + 1);
    expect(new Set(told.map(({ key }) => key))).toEqual(
      new Set([...site.keys, 'nowhere, "quoted"']),
    );
    const only = await report('--format', 'jsonl', '--failures');
    expect(only.stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(JSON.parse(only.stdout)).toMatchObject({
      key: 'nowhere, "quoted"',
      outcome: 'failed',
      code: 'ORIGIN_NOT_FOUND',
      status: 404,
    });
    const csv = await report('--format', 'csv', '--failures');
    expect(csv.stdout).toMatch(/^time,key,.*\r\n[^,]*,"nowhere, ""quoted""",,failed,.*\r\n$/);
    const batch = await report('--format', 's3-batch', '--failures');
    expect(batch.stdout).toMatch(/^\.\/bucket,nowhere%2C%20%22quoted%22,,failed,404,ORIGIN_NOT/);
    const gcs = await report('--format', 'gcs');
    expect(gcs.stdout.split('\n')).toHaveLength(KEYS + 3);
  });

  test('draws a page that says what became of all keys', async () => {
    await place.migrate();
    const { code, stdout, stderr } = await report();
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^<!doctype html>/);
    expect(stdout).toContain('complete, but 1 of 41 keys failed');
    expect(stdout).toContain('ORIGIN_NOT_FOUND');
  });

  test('draws no page on a terminal, and says that it needs -o', async () => {
    await place.migrate();
    const onTerminal = { onTerminal: true };
    const refused = await runCli(['report', place.rules], onTerminal);
    expect([refused.code, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toContain('an HTML report on a terminal is of no use: add -o');
    const lines = await runCli(['report', place.rules, '--format', 'jsonl'], onTerminal);
    expect([lines.code, lines.stdout.trimEnd().split('\n').length]).toEqual([0, KEYS + 1]);
    const file = path.join(place.folder, 'report.html');
    const written = await runCli(['report', place.rules, '-o', file], onTerminal);
    expect([written.code, written.stdout]).toEqual([0, '']);
  });

  test('changes nothing in the state, and puts its file in place in one step', async () => {
    await place.migrate();
    const target = path.join(place.folder, 'report.html');
    await writeFile(target, 'the one before');
    const before = await readdir(stateDir(), { recursive: true });
    expect((await runCli(['report', place.rules, '-o', target])).code).toBe(0);
    expect(await readFile(target, 'utf8')).toMatch(/^<!doctype html>/);
    expect(await readdir(stateDir(), { recursive: true })).toEqual(before);
    const beside = ['.bucketfill', 'bucket', 'keys.txt', 'report.html', 'rules.yaml'];
    expect((await readdir(place.folder)).sort()).toEqual(beside);
  });

  test.each(FORMATS)(
    'of a state that is damaged leaves the file before it as %s',
    async (format) => {
      await place.migrate();
      const target = path.join(place.folder, 'report');
      await writeFile(target, 'the one before');
      const results = path.join(await jobFolder(), 'results', '00000001', '00000001.jsonl.gz');
      await writeFile(results, 'no results at all');
      const { code, stderr } = await report('--format', format, '-o', target);
      expect(code).toBe(8);
      expect(stderr).toContain('is damaged at byte 0');
      expect(await readFile(target, 'utf8')).toBe('the one before');
      expect((await readdir(place.folder)).filter((name) => name.endsWith('.new'))).toEqual([]);
    },
  );

  test('takes the times of the run where it left them, and says when it was interrupted', async () => {
    await place.migrate();
    await writeLastRun(await jobFolder(), {
      command: 'migrate',
      started: '2020-01-01T00:00:00.000Z',
      ended: '2020-01-01T00:02:00.000Z',
      interrupted: true,
      summary: summaryOf({ listed: 30, copied: 29, failed: 1, elapsedMs: 120_000 }),
    });
    const { stdout } = await report();
    expect(stdout).toContain('was interrupted 2020-01-01 00:02:00 UTC, after 2 min.');
    expect(stdout).toContain('1 of 30 keys failed');
  });

  test('shows what a scan could not list', async () => {
    await place.migrate();
    const line = { rule: 'all', prefix: 'video/', code: 'ORIGIN_STATUS', status: 524 };
    const text = `${JSON.stringify({ ...line, message: 'it was down' })}\n{"torn`;
    await writeFile(path.join(await jobFolder(), 'listing-failures.jsonl'), text);
    const { stdout } = await report();
    expect(stdout).toContain('video/');
    expect(stdout).toContain('it was down');
  });

  test('of a job that runs says so, and does not wait for it', async () => {
    await place.migrate();
    const [job = ''] = await readdir(path.join(stateDir(), 'jobs'));
    const held = await openJob({
      ...{ stateDir: stateDir(), job, wait: false, newJob: false, results: 'all' },
      holder: { pid: 1, host: 'h', command: 'migrate' },
      clock: fakeClock(),
      signal: new AbortController().signal,
    });
    const { code, stdout } = await report();
    await held.release();
    expect(code).toBe(0);
    expect(stdout).toContain('still running: 41 keys done, 1 failed so far');
  });

  test('of an interrupted job says what is open, and of an empty one that there was nothing', async () => {
    const job = await MadeJob.begin(stateDir(), 'mine');
    await job.tell([copied('a'), failed('b')], { open: 3 });
    await job.release();
    const { stdout } = await report('--job', 'mine');
    expect(stdout).toContain('interrupted: 2 keys done, 1 failed, 3 keys begun and not done');
    const empty = await MadeJob.begin(stateDir(), 'empty');
    await empty.finish();
    await empty.release();
    expect((await report('--job', 'empty')).stdout).toContain('there was no key');
    expect((await report('--job', 'empty', '--format', 'jsonl')).stdout).toBe('');
  });

  test('of several jobs takes the one that changed last, and says so', async () => {
    await place.migrate();
    const other = path.join(place.folder, 'other.txt');
    await rename(place.keys, other);
    await writeFile(place.keys, 'nowhere-2\n');
    await runCli(['migrate', place.rules, '--keys', place.keys, '--job', 'second']);
    const { stdout, stderr } = await report('--format', 'jsonl');
    expect(stdout).toContain('nowhere-2');
    expect(stderr).toMatch(
      /the report is of job second, which changed last; --job takes others: \S+/,
    );
    const quiet = await report('--format', 'jsonl', '--quiet');
    expect(quiet.stderr).toBe('');
  });
});

describe('report refuses', () => {
  test.each([
    [['--failures'], '--failures is for reports of lines'],
    [['--job', 'nobody'], 'there is no job "nobody"'],
    [['--format', 'pdf'], 'Allowed choices are html, jsonl, csv, gcs, s3-batch'],
    [['-o', '.'], 'is a directory'],
    [['-o', '/nowhere/at/all'], "can't be written"],
  ])('%j', async (args, said) => {
    await place.migrate();
    const { code, stdout, stderr } = await report(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(said);
  });

  test('where there is no job yet', async () => {
    const { code, stderr } = await report();
    expect(code).toBe(2);
    expect(stderr).toContain('there is no job of these rules');
  });

  test('to put a file where a device is', async () => {
    await place.migrate();
    const target = path.join(place.folder, 'link');
    await symlink('/dev/null', target);
    expect((await report('-o', target)).stderr).toContain('is no plain file');
  });

  test('to go on where whoever read stdout has gone', async () => {
    await place.migrate();
    const { code } = await runCli(['report', place.rules, '--format', 'jsonl'], {
      onStart: (child) => {
        child.closeStdout();
      },
    });
    expect(code).toBe(130);
  });
});
