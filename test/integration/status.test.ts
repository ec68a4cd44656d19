import { createHash } from 'node:crypto';
import { chmod, lstat, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openSharedStore } from '../../src/checkpoint/shared-store.ts';
import type { JobStatus } from '../../src/cli/jobs-of-rules.ts';
import { sharedFolder } from '../../src/cli/known-bucket.ts';
import { main } from '../../src/cli/main.ts';
import { processSurroundings } from '../../src/cli/surroundings.ts';
import type { GaugeBatch } from '../../src/model/gauge-store.ts';
import type { CutoverStatus } from '../../src/model/serve-status.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { runCli } from '../support/run-cli.ts';
import { startS3Double } from '../support/s3-double.ts';
import { serveHere } from '../support/serve-here.ts';
import { type Site, startSite } from '../support/site.ts';
import { servedRules, STORE_ENV } from '../support/store-rules.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';

const NOW_MS = Date.UTC(2026, 10, 20, 4);
const HOUR_MS = 3_600_000;
const KEYS = 40;

interface Status {
  readonly jobs: readonly JobStatus[];
  readonly cutover: CutoverStatus | null;
}

let site: Site;
let place: Workplace;

beforeAll(async () => {
  site = await startSite(KEYS);
});
afterAll(async () => {
  await site.close();
});
beforeEach(async () => {
  place = await workplace(rulesFor([site.url]));
  await place.list([...site.keys, 'nowhere']);
});
afterEach(async () => {
  await place.remove();
});

/** `status` in this process, at a moment. */
async function status(args: readonly string[] = [], rules = place.rules, nowMs = NOW_MS) {
  const told = { stdout: '', stderr: '' };
  const into = (stream: keyof typeof told) =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        told[stream] += chunk.toString();
        done();
      },
    });
  const surroundings = {
    ...processSurroundings(),
    env: {},
    cwd: place.folder,
    stdout: into('stdout'),
    stderr: into('stderr'),
    clock: fakeClock({ startMs: nowMs }),
  };
  const code = await main(['status', rules, ...args], surroundings);
  return { code, ...told };
}

async function statusJson(...args: Parameters<typeof status>): Promise<Status> {
  const [more = [], ...rest] = args;
  const { code, stdout } = await status([...more, '--json'], ...rest);
  expect(code).toBe(0);
  return JSON.parse(stdout) as Status;
}

/** Name, time and digest of everything below a folder. */
async function traces(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return Promise.all(
    names.sort().map(async (name) => {
      const file = path.join(folder, name);
      const { mtimeMs } = await lstat(file);
      const isFile = (await stat(file)).isFile();
      const digest = isFile
        ? createHash('sha256')
            .update(await readFile(file))
            .digest('hex')
        : '';
      // SQLite's index of a log is shared memory, and nothing of the state.
      return name.endsWith('-shm') ? name : `${name} ${mtimeMs} ${digest}`;
    }),
  );
}

const state = (): string => path.join(place.folder, '.bucketfill');
const jobFolder = async (): Promise<string> => {
  const [job = ''] = await readdir(path.join(state(), 'jobs'));
  return path.join(state(), 'jobs', job, 'state');
};

describe('status of a job', () => {
  test('that is complete says what became of its keys, and what is left to retry', async () => {
    await place.migrate();
    const { jobs, cutover } = await statusJson();
    expect(cutover).toBeNull();
    expect(jobs).toMatchObject([
      { command: 'migrate', state: 'complete', holder: null, openSegments: 0, openEntries: 0 },
    ]);
    const counts = { listed: KEYS + 1, copied: KEYS, skipped: 0, failed: 1 };
    expect(jobs).toMatchObject([{ ...counts, failures: { ORIGIN_NOT_FOUND: 1 } }]);
    expect(Date.parse(jobs[0]?.changed ?? '')).toBeGreaterThan(Date.now() - 60_000);
    const { stdout } = await status();
    expect(stdout).toContain(
      '(migrate): complete\n  41 listed: 40 copied, 0 skipped, 1 failed\n  1 failed: see `bucketfill report`, try again with `bucketfill retry` (1 ORIGIN_NOT_FOUND)\n',
    );
    expect(stdout).toContain('serve has not run there');
  });

  test('that was killed is interrupted, and says how much is open', async () => {
    site.slowDown(100);
    const killAt = { boundary: 'checkpoint.committed', time: 1 };
    await place.migrate(['--concurrency', '2'], { killAt });
    site.slowDown(0);
    const { jobs } = await statusJson();
    expect(jobs).toMatchObject([{ state: 'interrupted', command: 'migrate', holder: null }]);
    const [{ openEntries, openSegments, listed } = expect.fail()] = jobs;
    expect(openSegments).toBe(1);
    expect(listed + openEntries).toBe(KEYS + 1);
    expect((await status()).stdout).toMatch(
      /: interrupted\n.*\n {2}open: 1 segment with \d+ keys\n/,
    );
    const resumed = await place.migrate();
    expect(resumed.summary).toMatchObject({ resumed: true, carried: { listed } });
  });

  test('that runs in another process is running, and is not disturbed', async () => {
    site.slowDown(50);
    const looks: Promise<Status>[] = [];
    const run = await place.migrate(['--concurrency', '2'], {
      onStart: ({ stdout }) => {
        const timer = setInterval(() => {
          if (!stdout().includes('"copied"')) return;
          looks.push(statusJson());
          if (looks.length === 10) clearInterval(timer);
        }, 20);
      },
    });
    site.slowDown(0);
    expect(run.code).toBe(3);
    const [first = expect.fail()] = await Promise.all(looks);
    expect(first.jobs).toMatchObject([{ state: 'running', holder: { command: 'migrate' } }]);
    expect((await statusJson()).jobs).toMatchObject([{ state: 'complete', copied: KEYS }]);
  });

  test('with a name of its own is told where it fills the bucket of these rules', async () => {
    await place.migrate(['--job', 'nightly']);
    expect((await statusJson()).jobs).toMatchObject([{ job: 'nightly', state: 'complete' }]);
    const other = path.join(place.folder, 'other.yaml');
    await writeFile(other, rulesFor([site.url]).replace('./bucket', './elsewhere'));
    expect((await statusJson([], other)).jobs).toEqual([]);
    expect((await statusJson(['--job', 'nightly'], other)).jobs).toHaveLength(1);
    expect((await status(['--job', 'daily'])).stdout).toContain('no job "daily" in');
  });

  test('of another rules file beside it is not told', async () => {
    await place.migrate();
    const other = path.join(place.folder, 'other.yaml');
    await writeFile(other, rulesFor([site.url]));
    expect((await statusJson([], other)).jobs).toEqual([]);
  });

  test('that is damaged is exit 8, and so is a folder that is none', async () => {
    await place.migrate();
    await truncate(path.join(await jobFolder(), 'checkpoint.db'), 5000);
    const damaged = await status();
    expect(damaged).toMatchObject({ code: 8, stdout: '' });
    expect(damaged.stderr).toContain('is damaged or is not a state of bucketfill');
    expect(await status(['--state', place.rules])).toMatchObject({ code: 8, stdout: '' });
  });
});

describe('status without any state', () => {
  test('is a plain line and exit 0, and makes nothing', async () => {
    const { code, stdout, stderr } = await status();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('no job of these rules in');
    expect(await statusJson()).toEqual({ jobs: [], cutover: null });
    expect(await readdir(place.folder)).toEqual(['keys.txt', 'rules.yaml']);
  });

  test('does not open the gate', async () => {
    expect(await status(['--gate'])).toMatchObject({
      code: 3,
      stdout: 'not yet: it has not been watching so far\n',
    });
  });
});

describe('status leaves the state as it is', () => {
  test('after a run that ended, and after one that was killed', async () => {
    await place.migrate();
    const ended = await traces(state());
    await status();
    expect(await traces(state())).toEqual(ended);
    const killAt = { boundary: 'bucket.committed', time: 1 };
    await place.migrate(['--overwrite', 'always', '--new-job'], { killAt });
    const killed = await traces(state());
    expect(killed.some((trace) => trace.includes('-wal'))).toBe(true);
    await status();
    expect(await traces(state())).toEqual(killed);
  });

  test('and reads one that may not be written', async () => {
    await place.migrate();
    const folders = [state(), path.join(state(), 'jobs'), await jobFolder()];
    for (const folder of folders) await chmod(folder, 0o500);
    await chmod(path.join(await jobFolder(), 'checkpoint.db'), 0o400);
    expect((await statusJson()).jobs).toMatchObject([{ state: 'complete', copied: KEYS }]);
    for (const folder of folders) await chmod(folder, 0o700);
  });
});

/** Rules of buckets that nobody can reach, in one state directory. */
const unreachable = (bucket: string): string => `version: 1
bucket: { url: "s3://${bucket}", endpoint: "http://127.0.0.1:1" }
rules:
  - { id: all, origins: { masters: ["https://o.example/"] } }
`;

/** What serve would have written of a bucket until now. */
async function record(bucket: string, batch: Partial<GaugeBatch>): Promise<void> {
  const directory = sharedFolder(state(), `http://127.0.0.1:1 ${bucket}/`);
  const store = await openSharedStore({ directory, now: () => NOW_MS });
  await store.gauge.add({
    watch: { sinceMs: NOW_MS - 30 * HOUR_MS, untilMs: NOW_MS },
    counts: [{ hourMs: NOW_MS - HOUR_MS, rule: 'all', requests: 9, neededOrigin: 0 }],
    keys: [],
    dropHoursBeforeMs: 0,
    dropKeysBeforeMs: 0,
    mostKeys: 100,
    ...batch,
  });
  await store.close();
}

describe('status of the cutover', () => {
  beforeEach(async () => {
    await place.writeRules(unreachable('one'));
  });

  const needed = ['a', 'b\u001b[2J'].map((key) => ({
    ...{ key, rule: 'all', mark: 'MISS' as const, timeMs: NOW_MS - HOUR_MS },
  }));

  test('opens the gate when no key needed the origin for a day', async () => {
    await record('one', {});
    const verdict =
      'safe to switch off: yes, no key needed the origin in the last 24 h (since 2026-11-18 22:00 UTC)\n';
    expect(await status(['--gate'])).toEqual({ code: 0, stdout: verdict, stderr: '' });
  });

  test('keeps it shut when keys did, and tells which', async () => {
    const counts = [{ hourMs: NOW_MS - HOUR_MS, rule: 'all', requests: 9, neededOrigin: 2 }];
    await record('one', { counts, keys: needed });
    const verdict = 'safe to switch off: no, 2 keys needed the origin in the last 24 h\n';
    expect(await status(['--gate'])).toMatchObject({ code: 3, stdout: verdict });
    expect((await status(['--gate', '--json'])).code).toBe(3);
    const { code, stdout } = await status();
    expect(code).toBe(0);
    expect(stdout).toContain(verdict);
    const day = 'last 24 h: 9 requests, 2 needed the origin (2 keys)\n';
    expect(stdout).toContain(`  last 1 h: 9 requests, 2 needed the origin (0 keys)\n  ${day}`);
    expect(stdout).toContain(`  rule all\n`);
    expect(stdout).toContain('2026-11-20 03:00 UTC  MISS  all  b\\u{1b}[2J\n');
    expect((await statusJson()).cutover).toMatchObject({
      verdict: { safe: false },
      perRule: [{ rule: 'all' }],
      lastKeys: [{ key: 'a' }, { key: 'b\u001b[2J' }],
    });
  });

  test('keeps it shut when nobody has watched for long enough, or any more', async () => {
    await record('one', { watch: { sinceMs: NOW_MS - HOUR_MS, untilMs: NOW_MS } });
    expect(await status(['--gate'])).toMatchObject({ code: 3 });
    const later = await status(['--gate'], place.rules, NOW_MS + 3 * HOUR_MS);
    expect(later).toMatchObject({ code: 3 });
    expect(later.stdout).toContain('nothing has been watching since');
  });

  test('is of the bucket of the rules, whatever else served with the state', async () => {
    await record('one', {});
    await record('two', { keys: needed });
    expect((await status(['--gate'])).code).toBe(0);
    await place.writeRules(unreachable('two'));
    expect((await status(['--gate'])).code).toBe(3);
    await place.writeRules(unreachable('three'));
    expect((await statusJson()).cutover).toBeNull();
  });

  test('that is damaged is exit 8', async () => {
    await record('one', {});
    const file = path.join(sharedFolder(state(), 'http://127.0.0.1:1 one/'), 'shared.db');
    await writeFile(file, Buffer.alloc(4096, 'x'));
    expect(await status(['--gate'])).toMatchObject({ code: 8, stdout: '' });
  });

  test('that opens the gate warns of a job that is not complete', async () => {
    await place.writeRules(rulesFor([site.url]));
    await place.migrate();
    const gate = await status(['--gate']);
    expect(gate.stderr).toContain('has 1 failed keys: what it did not copy is at the origin only');
  });

  test('warns of keys that a job left out, until one has copied all', async () => {
    await place.writeRules(rulesFor([site.url]));
    await place.list(site.keys.slice(0, 3));
    await place.migrate(['--prefix', site.keys[0] ?? '', '--job', 'one']);
    const args = ['--job', 'one'];
    const told = await status(args);
    expect(told.stdout).toContain(`only keys that these let through: --prefix ${site.keys[0]}`);
    const gate = await status(['--gate', ...args]);
    expect(gate.stderr).toMatch(/job one left keys out \(--prefix .*\): what it did not copy/);
    await place.migrate(['--job', 'all']);
    expect((await status(['--gate'])).stderr).toBe('');
  });
});

/** Looks until serve has written down what it answered, which it does once a second. */
async function noted(rules: string): Promise<CutoverStatus> {
  for (;;) {
    const { cutover } = await statusJson([], rules, Date.now());
    if (cutover !== null && cutover.lastKeys.length > 0) return cutover;
  }
}

describe('status beside a serve that runs', () => {
  test('on a directory says what serve has written down', async () => {
    const proxy = await serveHere(place);
    await fetch(`${proxy.url}/${site.keys[0] ?? ''}`);
    const { verdict, lastKeys } = await noted(place.rules);
    expect(verdict.text).toBe('safe to switch off: no, 1 key needed the origin in the last 24 h');
    expect(lastKeys).toMatchObject([{ key: site.keys[0], rule: 'all', mark: 'MISS' }]);
    await proxy.stop();
    expect((await statusJson([], place.rules, Date.now())).cutover?.lastKeys).toEqual(lastKeys);
  });

  test('on an S3 store, too', async () => {
    const store = await startS3Double();
    await place.writeRules(servedRules(store, site.url, '  - { id: all }\n'));
    const proxy = await serveHere(place, { env: STORE_ENV });
    await fetch(`${proxy.url}/${site.keys[0] ?? ''}`);
    expect(await noted(place.rules)).toMatchObject({ verdict: { safe: false } });
    await proxy.stop();
    await store.close();
  });
});

test('status --help tells what its exit codes mean', async () => {
  const { stdout } = await runCli(['status', '--help']);
  expect(stdout).toMatch(/3 with --gate/);
});
