import { readdir } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CliOptions, CliResult } from '../support/run-cli.ts';
import { type S3Double, startS3Double } from '../support/s3-double.ts';
import { type Site, siteBody, startSite } from '../support/site.ts';
import { STORE_ENV } from '../support/store-rules.ts';
import { type Workplace, workplace } from '../support/workplace.ts';

/** The second one may not list. */
const KEYS = [
  { accessKeyId: 'test', secretAccessKey: 'testtest' },
  { accessKeyId: 'writer', secretAccessKey: 'writing', mayList: false },
];

let site: Site;
let store: S3Double;
let place: Workplace;

beforeEach(async () => {
  [site, store] = await Promise.all([
    startSite(60),
    startS3Double({ buckets: ['media', 'old'], keys: KEYS }),
  ]);
  place = await workplace(rules());
  await place.list([...site.keys].sort());
});
afterEach(async () => {
  await Promise.all([site.close(), store.close(), place.remove()]);
});

function rules(more: { masters?: string; bucket?: string; rule?: string } = {}): string {
  return `version: 1
allowPrivate: true
bucket:
  url: ${more.bucket ?? 's3://media/site/'}
  endpoint: ${store.endpoint}
  credentials: { env: DEST }
rules:
  - id: all
    origins:
      masters: ${more.masters ?? JSON.stringify([site.url])}
      retries: { perAddress: 2, base: 1ms, max: 20ms }
${more.rule ?? ''}`;
}

const migrate = (args: readonly string[] = [], options: CliOptions = {}): Promise<CliResult> =>
  place.migrate(args, { env: STORE_ENV, ...options });

/** Every object of the site is stored below the prefix, byte for byte, and nothing else. */
function expectAllStored(prefix = 'site/'): void {
  const { objects, uploads } = store.bucket('media');
  for (const key of site.keys) {
    const stored = objects.get(`${prefix}${key}`);
    expect(stored?.bytes.equals(siteBody(key)), key).toBe(true);
  }
  expect(objects.size).toBe(site.keys.length);
  expect(uploads.size).toBe(0);
}

test('a list of keys fills an S3 bucket below its prefix', async () => {
  const run = await migrate();
  expect(run.stderr).toContain('60 copied');
  expect(run.code).toBe(0);
  expectAllStored();
  expect(run.summary?.bucketRequests).toBe(store.requests.length);
});

test('presence comes from the listing where keys are in order: no HEAD a key', async () => {
  await migrate();
  const before = store.asked('HeadObject').length;
  const run = await migrate(['--log-level', 'debug']);
  expect(run.summary).toMatchObject({ skipped: 60, copied: 0 });
  expect(store.asked('HeadObject').length - before).toBeLessThan(5);
  expect(run.stderr).toContain('presence of keys: by list');
});

test('keys in no order are asked one by one', async () => {
  await place.list([...site.keys].sort().reverse());
  await migrate();
  const before = store.asked('HeadObject').length;
  const run = await migrate();
  expect(run.summary).toMatchObject({ skipped: 60, copied: 0 });
  expect(store.asked('HeadObject').length - before).toBeGreaterThanOrEqual(60);
});

test('killed with SIGKILL, run again: every object is there, and no upload is left open', async () => {
  const killed = await migrate(['--concurrency', '4'], {
    killAt: { boundary: 'bucket.committed', time: 30 },
  });
  expect(killed.code).toBeNull();
  const resumed = await migrate();
  expect(resumed.code).toBe(0);
  expectAllStored();
});

test('throttles, errors, resets and lost answers of the store harm no object', async () => {
  store.fail(
    {
      operation: 'PutObject',
      nth: 2,
      action: { kind: 'refuse', status: 503, code: 'SlowDown', retryAfter: '0' },
    },
    {
      operation: 'PutObject',
      nth: 5,
      action: { kind: 'refuse', status: 500, code: 'InternalError' },
    },
    { operation: 'PutObject', nth: 9, action: { kind: 'reset' } },
    { operation: 'PutObject', nth: 13, action: { kind: 'loseAnswer' } },
    { operation: 'HeadObject', nth: 2, action: { kind: 'reset' } },
  );
  const run = await migrate(['--concurrency', '4']);
  expect(run.summary).toMatchObject({ copied: 60, skipped: 0, failed: 0 });
  expectAllStored();
});

test('headers, metadata, tags and storage class arrive with the object', async () => {
  const { faultOrigin } = await import('../support/fault-origin.ts');
  const origin = await faultOrigin();
  origin.script('/a.txt', {
    body: 'hello',
    headers: { 'content-type': 'text/plain', 'x-oss-meta-owner': 'me', etag: '"v1"' },
  });
  await place.writeRules(
    rules({
      masters: JSON.stringify([`${origin.url}/`]),
      rule: '    store: { tags: { source: mirror }, storageClass: STANDARD_IA }\n',
    }),
  );
  await place.list(['a.txt']);
  expect((await migrate()).code).toBe(0);
  const [put] = store.asked('PutObject').filter(({ key }) => key === 'site/a.txt');
  expect(put?.headers).toMatchObject({
    'content-type': 'text/plain',
    'x-amz-meta-owner': 'me',
    'x-amz-meta-bucketfill-etag': '"v1"',
    'x-amz-storage-class': 'STANDARD_IA',
    'x-amz-tagging': 'source=mirror',
  });
  await origin.close();
});

describe('an S3 store as origin', () => {
  const old = (more = ''): string =>
    `[{ url: "s3://old/p/", endpoint: "${store.endpoint}", credentials: { env: DEST }${more} }]`;

  /** Puts an object into the old bucket by the tool itself. */
  async function seed(keys: readonly string[]): Promise<void> {
    await place.writeRules(rules({ bucket: 's3://old/p/' }));
    await place.list(keys);
    expect((await migrate(['--job', 'seed'])).code).toBe(0);
  }

  test('gives what a dead master does not have', async () => {
    await seed(site.keys);
    await site.close();
    const masters = `["${site.url}"]\n      slaves: ${old()}`;
    await place.writeRules(rules({ masters }));
    const run = await migrate();
    expect(run.code).toBe(0);
    expect(run.objects).toContainEqual(expect.objectContaining({ origin: 's3://old/p/' }));
    expectAllStored();
  });

  test('is read without a signature where the rule says anonymous', async () => {
    await seed(site.keys.slice(0, 3));
    const open = await startS3Double({ buckets: [{ name: 'public', publicRead: true }] });
    for (const [key, object] of store.bucket('old').objects)
      open.bucket('public').objects.set(key, object);
    const address = `{ url: "s3://public/p/", endpoint: "${open.endpoint}", credentials: anonymous }`;
    await place.writeRules(rules({ masters: `[${address}]` }));
    const run = await migrate();
    expect(run.summary).toMatchObject({ copied: 3, failed: 0 });
    expect(open.asked('GetObject')).toHaveLength(3);
    for (const { headers } of open.requests) expect(headers).not.toHaveProperty('authorization');
    await open.close();
  });

  test('whose URL comes from a variable that is none of a store is exit 2, and not shown', async () => {
    const address = `{ url: { env: OLD_URL }, endpoint: "${store.endpoint}" }`;
    await place.writeRules(rules({ masters: `[${address}]` }));
    const env = { ...STORE_ENV, OLD_URL: 'http://user:canary-91c@127.0.0.1/' };
    const run = await migrate(['--quiet'], { env });
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('OLD_URL');
    expect(run.stderr).not.toContain('canary-91c');
  });

  test('is asked for odd keys exactly as they are', async () => {
    const odd = ['a//b', 'x/../y', '%2F', 'p+q r', '/lead', 'caf\u00e9'];
    await seed(site.keys.slice(0, 1));
    const [some] = store.bucket('old').objects.values();
    for (const key of odd) {
      if (some !== undefined) store.bucket('old').objects.set(`p/${key}`, some);
    }
    await place.writeRules(rules({ masters: old() }));
    await place.list(odd);
    const run = await migrate();
    expect(run.objects.filter(({ outcome }) => outcome !== 'copied')).toEqual([]);
    for (const key of odd) expect(store.bucket('media').objects.has(`site/${key}`)).toBe(true);
  });

  test('fails what is archived, what is absent and what is forbidden, each with its code', async () => {
    await seed(site.keys.slice(0, 2));
    const [archived = '', forbidden = ''] = site.keys;
    store.fail(
      {
        operation: 'GetObject',
        key: `p/${archived}`,
        times: 9,
        action: { kind: 'refuse', status: 403, code: 'InvalidObjectState' },
      },
      {
        operation: 'GetObject',
        key: `p/${forbidden}`,
        times: 9,
        action: { kind: 'refuse', status: 403, code: 'AccessDenied' },
      },
    );
    await place.writeRules(rules({ masters: old() }));
    await place.list([archived, forbidden, 'absent']);
    const run = await migrate();
    expect(run.code).toBe(3);
    const codes = run.objects.map((event) => ('code' in event ? event.code : event.outcome));
    expect(codes.sort()).toEqual(['ORIGIN_ARCHIVED', 'ORIGIN_NOT_FOUND', 'ORIGIN_STATUS']);
  });
});

describe('a bucket that can not be used is exit 5, one line, and no state', () => {
  const env = STORE_ENV;
  test.each([
    ['no such bucket', () => rules({ bucket: 's3://nowhere/' }), env, 'nowhere'],
    ['an unknown key', rules, { ...env, DEST_ACCESS_KEY_ID: 'nobody' }, 'DEST'],
    ['a wrong secret', rules, { ...env, DEST_SECRET_ACCESS_KEY: 'wrong' }, 's3://media/'],
  ] as const)('%s', async (_name, text, variables, subject) => {
    await place.writeRules(text());
    const run = await migrate(['--quiet'], { env: variables });
    expect(run.code).toBe(5);
    const lines = run.stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(subject === 'DEST' ? 'access key' : subject);
    expect(await readdir(place.folder)).not.toContain('.bucketfill');
    expect(store.bucket('media').objects.size).toBe(0);
  });

  test('absence that can not be told from a lack of rights', async () => {
    const env = { DEST_ACCESS_KEY_ID: 'writer', DEST_SECRET_ACCESS_KEY: 'writing' };
    const run = await migrate(['--quiet'], { env });
    expect(run.code).toBe(5);
    expect(run.stderr).toContain('s3:ListBucket');
    expect(await readdir(place.folder)).not.toContain('.bucketfill');
  });

  test('no right to write', async () => {
    store.fail({
      operation: 'PutObject',
      times: 99,
      action: { kind: 'refuse', status: 403, code: 'AccessDenied' },
    });
    const run = await migrate(['--quiet']);
    expect(run.code).toBe(5);
    expect(run.stderr).toContain('s3:PutObject');
  });

  test('a variable that is not set is exit 2 and named', async () => {
    const run = await migrate(['--quiet'], { env: {} });
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('DEST_ACCESS_KEY_ID');
  });
});

test('SIGTERM ends a run whose store has gone at once: 143, and the next run goes on', async () => {
  site.slowDown(50);
  const started = Date.now();
  const run = await migrate(['--concurrency', '4', '--quiet'], {
    onStart: ({ stdout, kill }) => {
      const timer = setInterval(() => {
        if (!stdout().includes('"copied"')) return;
        clearInterval(timer);
        store.close().catch(() => undefined);
        setTimeout(kill, 1000, 'SIGTERM');
      }, 5);
    },
  });
  expect(run.code).toBe(143);
  expect(run.summary).toMatchObject({ failed: 0 });
  expect(Date.now() - started).toBeLessThan(15_000);
});

test('a dry run writes nothing to the store, not even a check', async () => {
  const run = await migrate(['--dry-run']);
  expect(run.summary).toMatchObject({ planned: 60 });
  expect(store.asked('PutObject')).toHaveLength(0);
  expect(store.bucket('media').objects.size).toBe(0);
});

test('a token that expires during the run ends it, fails no key, and the next run goes on', async () => {
  store.fail({
    operation: 'PutObject',
    nth: 20,
    times: 10_000,
    action: { kind: 'refuse', status: 400, code: 'ExpiredToken' },
  });
  const expired = await migrate(['--concurrency', '4']);
  expect(expired.code).toBe(5);
  expect(expired.stderr).toContain('expired');
  expect(expired.summary).toMatchObject({ failed: 0 });
  expect(expired.summary?.copied).toBeGreaterThan(0);
  store.healed();
  const resumed = await migrate();
  expect(resumed.code).toBe(0);
  expect(resumed.summary?.resumed).toBe(true);
  expectAllStored();
});
