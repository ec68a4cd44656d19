import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { runCli } from '../support/run-cli.ts';
import { deadPort, type Site, startSite } from '../support/site.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';

let site: Site;
let place: Workplace;

beforeAll(async () => {
  site = await startSite(40);
});
afterAll(async () => {
  await site.close();
});
beforeEach(async () => {
  place = await workplace(rulesFor([site.url]));
  await place.list(site.keys);
});
afterEach(async () => {
  await place.remove();
});

/** What users see: one line on stderr that names the subject. */
function expectOneLine(stderr: string, ...parts: readonly string[]): void {
  const lines = stderr.trimEnd().split('\n');
  expect(lines).toHaveLength(1);
  for (const part of parts) expect(lines[0]).toContain(part);
}

describe('a command line that makes no sense is exit 2 and one line', () => {
  test.each([
    [['migrat', 'r.yaml'], 'unknown command', 'migrate'],
    [['migrate', 'r.yaml', '--kees', 'k'], '--kees', '--keys'],
    [['migrate', 'r.yaml', '--keys', 'k', '--concurrency', 'many'], '--concurrency', 'many'],
    [['migrate', 'r.yaml', '--keys', 'k', '--overwrite', 'maybe'], '--overwrite', 'never'],
    [['prefetch', 'r.yaml'], 'keys', 'missing'],
  ])('%j', async (args, ...parts) => {
    const run = await runCli(args);
    expect(run.code).toBe(2);
    expect(run.stdout).toBe('');
    expectOneLine(run.stderr, ...parts);
  });

  test('a bad value from the environment is named as such', async () => {
    const run = await place.migrate([], { env: { BUCKETFILL_CONCURRENCY: 'x' } });
    expect(run.code).toBe(2);
    expectOneLine(run.stderr, 'BUCKETFILL_CONCURRENCY');
  });
});

describe('files that can not be used', () => {
  test('rules that are not there', async () => {
    const run = await runCli(['migrate', 'nowhere.yaml', '--keys', place.keys]);
    expect(run.code).toBe(2);
    expectOneLine(run.stderr, 'nowhere.yaml', 'no such file');
  });

  test.each([
    ['no YAML', 'version: [1\n', /rules\.yaml:\d+:\d+ /],
    ['an unknown field', 'version: 1\nbukcet: {}\n', /rules\.yaml:2:1 bukcet: .*`?bucket`?/],
  ])('%s is told with its place', async (_name, text, place_) => {
    await place.writeRules(text);
    const run = await place.migrate();
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(place_);
    expect(run.stdout).toBe('');
  });

  test('a key list that is not there, or is a directory', async () => {
    for (const file of ['nothing.txt', place.folder]) {
      const run = await runCli(['migrate', place.rules, '--keys', file]);
      expect(run.code).toBe(2);
      expectOneLine(run.stderr, path.basename(file));
    }
    expect(await readdir(place.folder)).not.toContain('.bucketfill');
  });
});

describe('what can not be reached is exit 5, and no state is written', () => {
  afterEach(async () => {
    expect(await readdir(place.folder)).not.toContain('.bucketfill');
  });

  test('a bucket whose directory is a file', async () => {
    await writeFile(place.bucket, 'a file');
    const run = await place.migrate();
    expect(run.code).toBe(5);
    expectOneLine(run.stderr, 'bucket');
  });

  test('every origin down', async () => {
    const [one, two] = [await deadPort(), await deadPort()];
    const [a, b] = [`http://127.0.0.1:${String(one)}/`, `http://127.0.0.1:${String(two)}/`];
    await place.writeRules(rulesFor([a], [b]));
    const run = await place.migrate();
    expect(run.code).toBe(5);
    expectOneLine(run.stderr, 'rule all', a, b, 'ECONNREFUSED');
  });

  test('a private origin without allowPrivate names address and setting', async () => {
    await place.writeRules(rulesFor([site.url]).replace('allowPrivate: true\n', ''));
    const run = await place.migrate(['--quiet']);
    expect(run.code).toBe(5);
    expectOneLine(run.stderr, '127.0.0.1', 'allowPrivate');
    const allowed = await place.migrate(['--allow-private']);
    expect(allowed.code).toBe(0);
    await rm(path.join(place.folder, '.bucketfill'), { recursive: true });
  });

  test('a link-local origin is refused even with allowPrivate', async () => {
    await place.writeRules(rulesFor(['http://169.254.169.254/latest/']));
    const run = await place.migrate(['--quiet']);
    expect(run.code).toBe(5);
    expectOneLine(run.stderr, '169.254.169.254');
  });
});

describe('the state', () => {
  const stateFile = (): string => path.join(place.folder, 'state');

  test('with other rules is exit 6 and names what differs', async () => {
    await place.migrate();
    await place.writeRules(`${rulesFor([site.url])}    store: { userMetadata: false }\n`);
    const run = await place.migrate();
    expect(run.code).toBe(6);
    expectOneLine(run.stderr, 'store', '--new-job');
    expect((await place.migrate(['--new-job'])).code).toBe(0);
  });

  test('with other addresses, limits and credentials goes on', async () => {
    const dead = `http://127.0.0.1:${String(await deadPort())}/`;
    const killed = await place.migrate(['--concurrency', '2'], {
      killAt: { boundary: 'checkpoint.committed', time: 1 },
    });
    expect(killed.code).toBeNull();
    const more = '    protect: { concurrency: 3 }\n';
    await place.writeRules(rulesFor([dead, site.url], [], more));
    const run = await place.migrate();
    expect(run.code).toBe(0);
    expect(run.summary?.resumed).toBe(true);
  });

  test('an interrupted job goes on with a list that grew, and not with another list', async () => {
    const killed = await place.migrate(['--concurrency', '2'], {
      killAt: { boundary: 'checkpoint.committed', time: 1 },
    });
    expect(killed.code).toBeNull();
    await place.list(site.keys.map((key) => key.toUpperCase()));
    const other = await place.migrate();
    expect(other.code).toBe(6);
    expectOneLine(other.stderr, 'keys.txt', '--new-job');
    await place.list([...site.keys, 'one-more']);
    const grown = await place.migrate();
    expect(grown.summary).toMatchObject({ resumed: true, failed: 1 });
    expect((grown.summary?.listed ?? 0) + (grown.summary?.carried.listed ?? 0)).toBe(41);
  });

  test('knows its bucket: another directory under the same path is exit 6', async () => {
    const killed = await place.migrate(['--concurrency', '2'], {
      killAt: { boundary: 'checkpoint.committed', time: 1 },
    });
    expect(killed.code).toBeNull();
    await rm(place.bucket, { recursive: true });
    const other = await place.migrate();
    expect(other.code).toBe(6);
    expectOneLine(other.stderr, 'the bucket is another one', '--new-job');
    expect((await place.migrate(['--new-job'])).summary).toMatchObject({ copied: 40 });
  });

  test('that is locked by another run is exit 7; with --wait it is waited for', async () => {
    site.slowDown(100);
    let second: ReturnType<typeof place.migrate> | undefined;
    let waiting: ReturnType<typeof place.migrate> | undefined;
    const first = await place.migrate(['--concurrency', '1'], {
      onStart: ({ stdout }) => {
        const timer = setInterval(() => {
          if (!stdout().includes('"start"')) return;
          clearInterval(timer);
          second = place.migrate();
          waiting = place.migrate(['--wait']);
        }, 5);
      },
    });
    const refused = await second;
    expect(refused?.code).toBe(7);
    expectOneLine(refused?.stderr ?? '', '--wait', 'migrate');
    site.slowDown(0);
    expect(first.code).toBe(0);
    expect((await waiting)?.code).toBe(0);
  });

  test('that can not be used is exit 8', async () => {
    await writeFile(stateFile(), 'a file');
    const run = await place.migrate(['--state', stateFile()]);
    expect(run.code).toBe(8);
    expectOneLine(run.stderr, stateFile());
  });

  test('that is damaged is exit 8, and --new-job sets it aside', async () => {
    await place.migrate(['--state', stateFile(), '--job', 'j']);
    const job = path.join(stateFile(), 'jobs', 'j', 'state');
    await writeFile(path.join(job, 'checkpoint.db'), 'rubbish');
    const run = await place.migrate(['--state', stateFile(), '--job', 'j']);
    expect(run.code).toBe(8);
    expectOneLine(run.stderr, '--new-job');
    const fresh = await place.migrate(['--state', stateFile(), '--job', 'j', '--new-job']);
    expect(fresh.code).toBe(0);
  });
});

test('a switch in the environment is off where it says so', async () => {
  await place.writeRules(rulesFor([site.url]).replace('allowPrivate: true\n', ''));
  const off = { BUCKETFILL_ALLOW_PRIVATE: 'false', BUCKETFILL_DRY_RUN: '0', BUCKETFILL_WAIT: 'no' };
  const refused = await place.migrate(['--quiet'], { env: off });
  expect(refused.code).toBe(5);
  const on = await place.migrate(['--quiet'], { env: { ...off, BUCKETFILL_ALLOW_PRIVATE: 'yes' } });
  expect(on.summary).toMatchObject({ copied: 40 });
  const unclear = await place.migrate([], { env: { BUCKETFILL_DRY_RUN: 'maybe' } });
  expect(unclear.code).toBe(2);
  expectOneLine(unclear.stderr, 'BUCKETFILL_DRY_RUN', 'maybe');
});

test('a reader of stdout that leaves ends the run like SIGINT', async () => {
  site.slowDown(50);
  const run = await place.migrate(['--concurrency', '2'], {
    onStart: ({ stdout, closeStdout }) => {
      const timer = setInterval(() => {
        if (!stdout().includes('"copied"')) return;
        clearInterval(timer);
        closeStdout();
      }, 5);
    },
  });
  site.slowDown(0);
  expect(run.code).toBe(130);
  expect((await place.migrate()).code).toBe(0);
});

test('a lost stderr makes nothing fail', async () => {
  await place.list([...site.keys, 'missing-1', 'missing-2']);
  const run = await place.migrate([], {
    onStart: ({ closeStderr }) => {
      closeStderr();
    },
  });
  expect(run.code).toBe(3);
  expect(run.summary).toMatchObject({ copied: 40, failed: 2 });
});

test('an environment variable that a rule needs and is not set is named', async () => {
  await mkdir(place.bucket);
  const more = '    request: { headers: { set: { x-token: { env: SITE_TOKEN } } } }\n';
  await place.writeRules(rulesFor([site.url], [], more));
  const run = await place.migrate(['--quiet']);
  expect(run.code).toBe(2);
  expectOneLine(run.stderr, 'SITE_TOKEN');
});
