import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CliOptions, CliResult, RunningCli } from '../support/run-cli.ts';
import { type MixedSite, mixedBody, startMixedSite } from '../support/mixed-site.ts';
import { type S3Double, startS3Double } from '../support/s3-double.ts';
import { STORE_ENV } from '../support/store-rules.ts';
import { type Workplace, workplace } from '../support/workplace.ts';

/** Long enough for the threads to load and to have their part. */
const SLOW_MS = 40;
const KEYS = 200;
/** Of two requests, one may take this much longer to arrive on a machine that is busy. */
const ON_THE_WAY_S = 0.25;
/** Threads take long to load on a machine that is busy. */
const TIMEOUT_MS = 90_000;

let site: MixedSite;
let store: S3Double;
let place: Workplace;

beforeEach(async () => {
  [site, store] = await Promise.all([startMixedSite(KEYS, SLOW_MS), startS3Double()]);
  place = await workplace(rules());
  await place.list(site.keys);
});
afterEach(async () => {
  await Promise.all([site.close(), store.close(), place.remove()]);
});

const S3 = (): string =>
  `{ url: s3://bucket/, endpoint: "${store.endpoint}", credentials: { env: DEST } }`;

function rules(more: { bucket?: string; protect?: string } = {}): string {
  return `version: 1
allowPrivate: true
bucket: ${more.bucket ?? S3()}
rules:
  - id: all
    origins:
      masters: ["${site.url}"]
      retries: { perAddress: 2, base: 1ms, max: 5ms }
    store: { multipart: { threshold: 5MiB, partSize: 5MiB } }
    protect: { ${more.protect ?? ''} }
`;
}

const migrate = (args: readonly string[], options: CliOptions = {}): Promise<CliResult> =>
  place.migrate(['--log-level', 'debug', ...args], { env: STORE_ENV, ...options });

/** How many keys each of the further threads has settled. */
function bySettled({ stderr }: CliResult): readonly number[] {
  const [, counts = ''] = /further threads: ([\d and]+) keys/.exec(stderr) ?? [];
  return counts.split(' and ').filter(Boolean).map(Number);
}

/** What is told of each key, but for how long it took. */
function told({ objects }: CliResult): Map<string, object> {
  return new Map(
    objects.map((event) => {
      const { elapsedMs, ...rest } = { elapsedMs: 0, ...event };
      expect(elapsedMs).toBeGreaterThanOrEqual(0);
      return ['key' in rest ? rest.key : '', rest];
    }),
  );
}

/** A summary, but for its times. */
function counted({ summary }: CliResult): object {
  return { ...summary, elapsedMs: 0, bucketRequests: 0 };
}

/** @param triedAgain so that what failed at first is there as well */
function expectRight(triedAgain = false): void {
  const { objects, uploads } = store.bucket('bucket');
  for (const key of site.keys) {
    const body = key.startsWith('ill') && !triedAgain ? undefined : mixedBody(key);
    expect(objects.get(key)?.bytes.equals(body ?? Buffer.of()), key).toBe(body && true);
    if (body !== undefined) expect(objects.get(key)?.metadata['key']).toBe(key);
  }
  expect(uploads.size).toBe(0);
}

/** Does something once, when a run has told of some of its keys and not of all. */
function inTheMiddle(action: (child: RunningCli) => void): (child: RunningCli) => void {
  return (child) => {
    const timer = setInterval(() => {
      if (child.stdout().split('"outcome"').length < 100) return;
      clearInterval(timer);
      action(child);
    }, 5);
  };
}

describe('further threads', { timeout: TIMEOUT_MS }, () => {
  test.each(['S3', 'directory'])(
    'do to a %s bucket what one does, and tell the same',
    async (kind) => {
      const flags = ['--concurrency', '6'];
      const bucket = (folder: string) => (kind === 'S3' ? S3() : `{ url: file:./${folder} }`);
      await place.writeRules(rules({ bucket: bucket('one') }));
      const one = await migrate([...flags, '--workers', '1', '--job', 'one']);
      if (kind === 'S3') expectRight();
      const again = await startMixedSite(KEYS, SLOW_MS);
      const port = [new URL(site.url).host, new URL(again.url).host] as const;
      await site.close();
      site = again;
      store.bucket('bucket').objects.clear();
      await place.writeRules(rules({ bucket: bucket('three') }));
      const three = await migrate([...flags, '--workers', '3', '--job', 'three']);
      if (kind === 'S3') expectRight();
      expect(three.code).toBe(one.code);
      const same = JSON.stringify([...told(one)].sort()).replaceAll(port[0], port[1]);
      expect(JSON.stringify([...told(three)].sort())).toBe(same);
      expect(counted(three)).toEqual(counted(one));
      expect(bySettled(one)).toEqual([]);
      const settled = bySettled(three);
      expect(settled).toHaveLength(2);
      for (const count of settled) expect(count).toBeGreaterThan(0);
      // A second run finds in the state what each of them has done.
      const retried = await place.migrate(['--workers', '3', '--job', 'three'], { env: STORE_ENV });
      expect(retried.summary?.copied).toBe(retried.objects.filter(isIll).length);
    },
  );

  test('keep together to what an address allows at once', async () => {
    await place.writeRules(rules({ protect: 'concurrency: 5' }));
    const run = await migrate(['--concurrency', '40', '--workers', '3']);
    expect(run.summary?.listed).toBe(KEYS);
    expect(site.mostAtOnce()).toBe(5);
    expect(Math.min(...bySettled(run))).toBeGreaterThan(0);
  });

  test.each([
    ['--requests-per-second', ['--requests-per-second', '100'], ''],
    ['the rule', [], 'requestsPerSecond: 100'],
  ])('keep together to the rate of %s', async (_, args, protect) => {
    await place.writeRules(rules({ protect }));
    const run = await migrate(['--concurrency', '40', '--workers', '2', ...args]);
    expect(run.summary?.listed).toBe(KEYS);
    const came = site.cameAtMs;
    const seconds = ((came.at(-1) ?? 0) - (came[0] ?? 0)) / 1000;
    // A fifth of a second may come at once, and the first may be the slowest on its way.
    expect(came.length).toBeLessThanOrEqual(100 * (seconds + ON_THE_WAY_S) + 20 + 1);
    expect(Math.min(...bySettled(run))).toBeGreaterThan(0);
  });

  test('drain, and leave open what they did not begin with', async () => {
    const stopped = await migrate(['--concurrency', '8', '--workers', '2'], {
      onStart: inTheMiddle((child) => {
        child.kill('SIGTERM');
      }),
    });
    expect(stopped.code).toBe(143);
    const before = stopped.summary?.listed ?? 0;
    expect(before).toBeLessThan(KEYS);
    const rest = await migrate(['--workers', '2']);
    expect(rest.summary?.carried.listed).toBe(before);
    expect((rest.summary?.listed ?? 0) + before).toBe(KEYS);
    const both = [...stopped.objects, ...rest.objects].map((event) => 'key' in event && event.key);
    expect(new Set(both).size).toBe(KEYS);
  });

  test('are stopped at once by a second signal, and the next run goes on', async () => {
    const stopped = await migrate(['--concurrency', '8', '--workers', '2'], {
      onStart: inTheMiddle((child) => {
        child.kill('SIGINT');
        setTimeout(() => {
          child.kill('SIGINT');
        }, 5);
      }),
    });
    expect(stopped.code).toBe(130);
    await migrate(['--workers', '2']);
    const after = await migrate(['--workers', '1', '--overwrite', 'never']);
    expect(after.code).toBe(3);
    expectRight(true);
  });

  test('end with the bucket, which fails no key', async () => {
    const run = await migrate(['--concurrency', '8', '--workers', '2'], {
      onStart: inTheMiddle(() => {
        const action = { kind: 'refuse', status: 403, code: 'QuotaExceeded' } as const;
        store.fail({ operation: 'PutObject', nth: 1, times: Infinity, action });
      }),
    });
    expect(run.code).toBe(5);
    expect(run.stderr).toContain('QuotaExceeded');
    const failed = run.objects.filter((event) => event.outcome === 'failed');
    expect(failed.every((event) => 'code' in event && !event.code.startsWith('BUCKET'))).toBe(true);
  });
});

const isIll = (event: object): boolean => 'key' in event && String(event.key).startsWith('ill');

describe('--workers', () => {
  test.each(['0', '-1', 'x', '65', '1.5', ''])('%j is no number of threads', async (workers) => {
    const run = await place.migrate([`--workers=${workers}`]);
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(/^bucketfill: .*--workers <n>.* is invalid\. .*from 1 to 64\.\n$/);
  });

  test('may stand in the environment', async () => {
    const run = await place.migrate([], { env: { ...STORE_ENV, BUCKETFILL_WORKERS: '65' } });
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('BUCKETFILL_WORKERS');
  });

  test('is less where a limit can not be divided, and a line says why', async () => {
    await place.writeRules(rules({ protect: 'concurrency: 1' }));
    await place.list(site.keys.slice(1, 9));
    const run = await migrate(['--workers', '4']);
    expect(run.summary?.listed).toBe(8);
    expect(site.mostAtOnce()).toBe(1);
    expect(run.stderr).toContain('--workers 4: there are 1, since protect.concurrency');
    expect(bySettled(run)).toEqual([]);
  });
});
