import { mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JobStatus } from '../../src/cli/jobs-of-rules.ts';
import { indexOf, type IndexSite, type SitePage, startIndexSite } from '../support/index-site.ts';
import { type CliResult, runCli, type RunningCli } from '../support/run-cli.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';

let site: IndexSite;
let place: Workplace;
let pages: Record<string, SitePage>;

beforeEach(async () => {
  pages = { '/': indexOf(['a', 'b', 'd/', 'e/']), '/d/': indexOf(['../', 'c']) };
  site = await startIndexSite(
    (wire) => pages[wire] ?? (/^\/d?\/?[abc]$/.test(wire) ? 'x' : undefined),
  );
  place = await workplace(rulesFor([site.url]));
});
afterEach(async () => {
  await Promise.all([site.close(), place.remove()]);
});

const cli = (command: string, args: readonly string[] = []): Promise<CliResult> =>
  runCli([command, place.rules, ...args]);
const scan = (args: readonly string[] = []): Promise<CliResult> =>
  cli('scan', ['-o', path.join(place.folder, 'm.jsonl'), ...args]);

async function jobs(args: readonly string[] = []): Promise<readonly JobStatus[]> {
  const { code, stdout } = await cli('status', ['--json', ...args]);
  expect(code).toBe(0);
  return (JSON.parse(stdout) as { jobs: readonly JobStatus[] }).jobs;
}

describe('status of a scan', () => {
  test('says how many pages it walked, what it found and what it could not list', async () => {
    await scan();
    expect(await jobs()).toMatchObject([
      {
        ...{ job: 'rules.scan', command: 'scan', state: 'complete', listed: 0 },
        scan: { pages: 3, keys: 3, places: 2, links: 6, listingErrors: 1, passed: { loop: 1 } },
      },
    ]);
    const { stdout } = await cli('status');
    expect(stdout).toMatch(
      /^job rules\.scan \(scan\): complete\n {2}scan: 3 pages walked, 3 keys found\n {2}1 page not listed: keys below are missing, scan again\n {2}last change /,
    );
    expect(stdout).not.toContain('copied');
  });

  test('that was killed says how far it is', async () => {
    let child: RunningCli | undefined;
    const saved = path.join(place.folder, '.bucketfill/jobs/rules.scan/state/scan.json');
    pages['/e/'] = () => {
      const timer = setInterval(() => {
        readFile(saved).then(
          () => {
            clearInterval(timer);
            child?.kill('SIGKILL');
          },
          () => undefined,
        );
      }, 5);
    };
    await runCli(['scan', place.rules, '-o', path.join(place.folder, 'm.jsonl')], {
      onStart: (running) => (child = running),
    });
    const [job = expect.fail()] = await jobs();
    expect(job).toMatchObject({ command: 'scan', state: 'interrupted', holder: null });
    expect(job.scan?.keys).toBeGreaterThan(1);
  });

  test('with a name of its own is told where it is asked for, and is no other file’s', async () => {
    await scan(['--job', 'weekly']);
    expect(await jobs()).toEqual([]);
    expect(await jobs(['--job', 'weekly'])).toMatchObject([{ job: 'weekly', command: 'scan' }]);
    await scan();
    const other = path.join(place.folder, 'other.yaml');
    await writeFile(other, rulesFor([site.url]));
    const { stdout } = await runCli(['status', other]);
    expect(stdout).toContain('no job of these rules');
  });

  test('whose saved state is damaged is exit 8', async () => {
    await scan();
    const state = path.join(place.folder, '.bucketfill/jobs/rules.scan/state');
    await writeFile(path.join(state, 'scan.json'), '{');
    const damaged = await cli('status');
    expect([damaged.code, damaged.stderr]).toEqual([8, expect.stringContaining('--new-job')]);
  });

  test('beside a fill is told with the fill, and its missing pages keep the gate warned', async () => {
    await scan();
    await cli('migrate');
    const [fill] = await jobs();
    expect(fill).toMatchObject({
      ...{ command: 'migrate', state: 'complete', copied: 3, failed: 0 },
      scan: { pages: 3, keys: 3, listingErrors: 1 },
    });
    expect((await jobs()).map(({ command }) => command)).toEqual(['migrate', 'scan']);
    const gate = await cli('status', ['--gate']);
    expect(gate.stderr).toContain('job rules.migrate.scan could not list 1 pages: what it did not');
    expect(gate.stderr).not.toContain('job rules.scan');
  });
});

describe('cleanup', () => {
  const aside = (): string =>
    path.join(place.folder, '.bucketfill/jobs/rules.scan.old-2026-01-01T00-00-00-000Z');

  test('leaves a scan’s job as it is, and removes one that was set aside', async () => {
    await scan();
    await scan(['--new-job']);
    const before = await jobs();
    const kept = await cli('cleanup', ['--json']);
    expect(JSON.parse(kept.stdout)).toMatchObject({ prunedStates: 0 });
    const cleaned = await cli('cleanup', ['--json', '--max-age', '0s']);
    expect([cleaned.code, JSON.parse(cleaned.stdout)]).toEqual([
      0,
      { aborted: 0, left: 0, refused: 0, prunedStates: 1 },
    ]);
    expect(await jobs()).toEqual(before);
  });

  test('removes one that was set aside because it is damaged, when it is old', async () => {
    await mkdir(aside(), { recursive: true });
    const file = path.join(aside(), 'checkpoint.db');
    await writeFile(file, 'no database');
    await utimes(file, 1, 1);
    const cleaned = await cli('cleanup', ['--json']);
    expect(JSON.parse(cleaned.stdout)).toMatchObject({ prunedStates: 1 });
    await expect(readFile(file)).rejects.toThrow();
    await rm(aside(), { recursive: true, force: true });
  });
});
