import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CliOptions, CliResult } from '../support/run-cli.ts';
import type { Operation } from '../support/s3-double-request.ts';
import { type S3Double, startS3Double } from '../support/s3-double.ts';
import { type Site, siteBody, startSite } from '../support/site.ts';
import { type Workplace, workplace } from '../support/workplace.ts';

const ENV = {
  DEST_ACCESS_KEY_ID: 'test',
  DEST_SECRET_ACCESS_KEY: 'testtest',
  WRONG_ACCESS_KEY_ID: 'test',
  WRONG_SECRET_ACCESS_KEY: 'canary-secret-7f1',
};

let site: Site;
let store: S3Double;
let place: Workplace;

beforeEach(async () => {
  [site, store] = await Promise.all([startSite(20), startS3Double({ buckets: ['media', 'old'] })]);
  place = await workplace(rules(JSON.stringify([site.url])));
  await place.list([...site.keys].sort());
});
afterEach(async () => {
  await Promise.all([site.close(), store.close(), place.remove()]);
});

function rules(masters: string, more = ''): string {
  return `version: 1
allowPrivate: true
bucket: { url: "s3://media/", endpoint: "${store.endpoint}", credentials: { env: DEST } }
rules:
  - id: all
    origins:
      masters: ${masters}
      retries: { perAddress: 2, base: 1ms, max: 20ms }
${more}`;
}

const migrate = (args: readonly string[] = [], options: CliOptions = {}): Promise<CliResult> =>
  place.migrate(args, { env: ENV, ...options });

const old = (credentials: string): string =>
  `{ url: "s3://old/", endpoint: "${store.endpoint}", credentials: { env: ${credentials} } }`;

function expectAllStored(): void {
  const { objects } = store.bucket('media');
  for (const key of site.keys) {
    expect(objects.get(key)?.bytes.equals(siteBody(key)), key).toBe(true);
  }
}

/** Makes the double refuse every call of these operations. */
function refuse(status: number, code: string, nth: number, ...operations: Operation[]): void {
  for (const operation of operations) {
    store.fail({ operation, nth, times: 9999, action: { kind: 'refuse', status, code } });
  }
}

describe('a bucket that is full', () => {
  test.each([
    ['QuotaExceeded', 403],
    ['XMinioStorageFull', 507],
  ])('by %s is exit 5, no key has failed, and the next run goes on', async (code, status) => {
    refuse(status, code, 8, 'PutObject');
    const run = await migrate(['--concurrency', '2']);
    expect(run.code).toBe(5);
    expect(run.stderr).toContain('quota is used up');
    expect(run.summary).toMatchObject({ failed: 0 });
    expect(run.summary?.copied).toBeGreaterThan(0);
    store.healed();
    const next = await migrate();
    expect(next.code).toBe(0);
    expectAllStored();
  });
});

describe('an S3 origin that refuses everything', () => {
  test('is no reason to fail a key that another address has, and shows no secret', async () => {
    await place.writeRules(rules(`[${old('WRONG')}, "${site.url}"]`));
    const run = await migrate(['--log-level', 'debug']);
    expect(run.summary).toMatchObject({ copied: 20, failed: 0 });
    expect(run.code).toBe(0);
    expectAllStored();
    expect(run.stderr + run.stdout).not.toContain(ENV.WRONG_SECRET_ACCESS_KEY);
  });

  test('from the middle of a run on ends the run, and fails no key', async () => {
    const objects = store.bucket('old').objects;
    await migrate();
    for (const [key, object] of store.bucket('media').objects) objects.set(key, object);
    store.bucket('media').objects.clear();
    await place.writeRules(rules(`[${old('DEST')}]`, '      giveUpAfter: 1s\n'));
    refuse(400, 'ExpiredToken', 6, 'GetObject');
    refuse(400, 'ExpiredToken', 1, 'ListObjectsV2');
    store.fail({
      operation: 'HeadBucket',
      nth: 3,
      times: 9999,
      action: { kind: 'refuse', status: 400, code: '' },
    });
    const run = await migrate(['--concurrency', '2', '--job', 'again']);
    expect(run.stderr).toContain('session has expired');
    expect(run.code).toBe(5);
    expect(run.summary).toMatchObject({ failed: 0 });
    store.healed();
    expect((await migrate(['--job', 'again'])).code).toBe(0);
    expectAllStored();
  });
});
