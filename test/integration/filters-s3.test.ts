import { afterEach, beforeEach, expect, test } from 'vitest';
import { PLAIN_OBJECT } from '../support/plain-object.ts';
import { type CliResult, runCli } from '../support/run-cli.ts';
import { type S3Double, startS3Double } from '../support/s3-double.ts';
import { STORE_ENV } from '../support/store-rules.ts';
import { outcomes } from '../support/sync-stage.ts';
import { type Workplace, workplace } from '../support/workplace.ts';

let store: S3Double;
let place: Workplace;

beforeEach(async () => {
  store = await startS3Double({ buckets: ['old', 'media'] });
  place = await workplace(rules());
  for (const key of ['img/a', 'img/b.tmp', 'img2/c', 'video/d', 'video/sub/e']) put(key);
});

afterEach(async () => {
  await Promise.all([store.close(), place.remove()]);
});

/** Origin keys below `p/` are the bucket's below `b/`; `more` stands in the rule. */
function rules(more = ''): string {
  const { endpoint } = store;
  return `version: 1
allowPrivate: true
bucket: { url: "s3://media/b/", endpoint: "${endpoint}", credentials: { env: DEST } }
rules:
  - id: all
    origins:
      masters: [{ url: "s3://old/p/", endpoint: "${endpoint}", credentials: { env: DEST } }]
      retries: { perAddress: 2, base: 1ms, max: 20ms }
${more}`;
}

function put(key: string): void {
  const bytes = Buffer.from(key);
  store.bucket('old').objects.set(`p/${key}`, {
    bytes,
    etag: `"${bytes.toString('hex').padStart(32, '0').slice(-32)}-1"`,
    lastModifiedMs: Date.UTC(2020, 0, 1),
    ...PLAIN_OBJECT,
  });
}

function run(command: string, ...args: readonly string[]): Promise<CliResult> {
  store.forget();
  return runCli([command, place.rules, '--json', ...args], { env: STORE_ENV });
}

/** What a bucket was listed below. */
function listed(bucket: string): readonly string[] {
  const requests = store.asked('ListObjectsV2').filter((request) => request.bucket === bucket);
  const prefixes = requests.map(({ path }) => {
    return new URL(path, 'http://s3.example').searchParams.get('prefix') ?? '';
  });
  return [...new Set(prefixes)].sort();
}

function isBelow(prefix: string): (listedPrefix: string) => boolean {
  return (listedPrefix) => listedPrefix.startsWith(prefix);
}

test('origin and bucket are listed below the prefix alone', async () => {
  const first = await run('sync', '--prefix', 'video/');
  expect(outcomes(first)).toEqual({ 'video/d': 'copied', 'video/sub/e': 'copied' });
  expect([...store.bucket('media').objects.keys()].sort()).toEqual(['b/video/d', 'b/video/sub/e']);
  expect(listed('old').length).toBeGreaterThan(0);
  expect(listed('old').filter((prefix) => !prefix.startsWith('p/video/'))).toEqual([]);
  const again = await run('sync', '--prefix', 'video/');
  expect(outcomes(again)).toEqual({
    'video/d': 'skipped:unchanged',
    'video/sub/e': 'skipped:unchanged',
  });
  expect(listed('media')).toEqual(['b/video/']);
});

test('a prefix may end in the middle of a name', async () => {
  const result = await run('migrate', '--prefix', 'img', '--exclude', '**/*.tmp');
  expect(outcomes(result)).toEqual({
    'img/a': 'copied',
    'img/b.tmp': 'skipped:filtered',
    'img2/c': 'copied',
  });
  expect(listed('old').every(isBelow('p/img'))).toBe(true);
});

test('through the rule, and below the URL of a scan that leads further down', async () => {
  await place.writeRules(
    rules(`    match: { keyPrefix: media/ }
    key: { replacePrefix: "" }
scan: [{ rule: all, from: s3, url: "s3://old/p/video/" }]
`),
  );
  const below = await run('migrate', '--prefix', 'media/video/sub/');
  expect(outcomes(below)).toEqual({ 'media/video/sub/e': 'copied' });
  expect(listed('old').every(isBelow('p/video/sub/'))).toBe(true);
  // The URL says that nothing else is to be looked for.
  const beside = await run('migrate', '--prefix', 'media/img/', '--new-job');
  expect(beside.code).toBe(0);
  expect(beside.summary).toMatchObject({ copied: 0, listed: 1, skipped: 1 });
  expect(listed('old').every(isBelow('p/video/'))).toBe(true);
});

test('presence is asked of what is let through alone', async () => {
  await run('migrate');
  const keys = Array.from({ length: 300 }, (_, index) => `video/${String(index).padStart(4, '0')}`);
  for (const key of keys) put(key);
  await place.list([...keys.map((key) => key.replace('video', 'img')), ...keys]);
  await run('migrate', '--keys', place.keys, '--prefix', 'video/');
  const again = await run('migrate', '--keys', place.keys, '--prefix', 'video/');
  expect(again.summary).toMatchObject({ listed: 600, copied: 0, skipped: 600 });
  expect(listed('media').filter((prefix) => prefix !== 'b/video/')).toEqual([]);
  expect(store.asked('HeadObject').filter(({ key }) => key?.startsWith('b/img/'))).toEqual([]);
});

test('verify lists both sides below the prefix, and finds what only the bucket has there', async () => {
  await run('migrate');
  const { objects } = store.bucket('media');
  const stray = objects.get('b/video/d');
  if (stray === undefined) throw new Error('nothing was copied');
  objects.set('b/video/stray', stray);
  objects.set('b/stray', stray);
  const result = await run('verify', '--level', 'exists', '--prefix', 'video/');
  expect(result.code).toBe(4);
  expect(outcomes(result)).toEqual({
    'video/d': 'equal',
    'video/stray': 'extra',
    'video/sub/e': 'equal',
  });
  expect(listed('media')).toContain('b/video/');
  expect(listed('old').every(isBelow('p/video/'))).toBe(true);
});
