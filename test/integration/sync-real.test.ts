import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { VERIFY_LEVELS } from '../../src/model/event.ts';
import { type CliResult, runCli } from '../support/run-cli.ts';
import { type Workplace, workplace } from '../support/workplace.ts';
import { changeBucket, type Order, sampleDigest } from './changed-by-boto.ts';
import { LONG_AGO_MS, startNginxSite } from './nginx-site.ts';
import { radosgw, type RealStore } from './s3-server.ts';

const START_TIMEOUT_MS = 180_000;
const DAY_MS = 86_400_000;
const KEYS = [
  ...['a.txt', 'b.txt', 'c.txt', 'edited.txt', 'put back.txt', 'gone.txt', 'café/é+%.txt'],
  ...Array.from({ length: 40 }, (_, index) => `d${String(index % 4)}/n${String(index)}.txt`),
];
const firstBody = (key: string): string => `${key} one`;

let store: RealStore;
beforeAll(async () => {
  store = await radosgw();
}, START_TIMEOUT_MS);

/** Where objects come from, and how their owner changes them. */
interface Source {
  /** One address, as YAML. */
  readonly master: string;
  readonly put: (bodies: ReadonlyMap<string, string>, modifiedMs?: number) => Promise<void>;
  readonly remove: (key: string) => Promise<void>;
  /** Objects that were asked for since the last call; undefined where nobody notes it. */
  readonly asked: (() => Promise<readonly string[]>) | undefined;
  readonly stop: () => Promise<void>;
}

async function nginxSource(): Promise<Source> {
  const site = await startNginxSite();
  return {
    master: `"${site.url}"`,
    put: async (bodies, modifiedMs) => {
      for (const [key, body] of bodies) await site.put(key, body, modifiedMs);
    },
    remove: site.remove,
    asked: site.filesAsked,
    stop: site.stop,
  };
}

async function s3Source(): Promise<Source> {
  const bucket = await store.makeBucket();
  return {
    master: inStore(bucket),
    put: (bodies) =>
      changeBucket(
        store,
        bucket,
        Array.from(bodies, ([key, body]) => ({ put: key, body })),
      ),
    remove: (key) => changeBucket(store, bucket, [{ delete: key }]),
    asked: undefined,
    stop: () => Promise.resolve(),
  };
}

const inStore = (bucket: string): string =>
  `{ url: "s3://${bucket}", endpoint: "${store.endpoint}", credentials: { env: STORE } }`;

/** A source with its first objects, and a bucket of radosgw that a sync has filled from it. */
class Stage {
  readonly source: Source;
  readonly bucket: string;
  readonly place: Workplace;
  /** What the source has. */
  readonly objects = new Map<string, string>();

  constructor(source: Source, bucket: string, place: Workplace) {
    this.source = source;
    this.bucket = bucket;
    this.place = place;
  }

  async put(bodies: Readonly<Record<string, string>>, modifiedMs?: number): Promise<void> {
    for (const [key, body] of Object.entries(bodies)) this.objects.set(key, body);
    await this.source.put(new Map(Object.entries(bodies)), modifiedMs);
  }

  async remove(key: string): Promise<void> {
    this.objects.delete(key);
    await this.source.remove(key);
  }

  run(command: 'sync' | 'verify', ...args: readonly string[]): Promise<CliResult> {
    const env = {
      STORE_ACCESS_KEY_ID: store.accessKeyId,
      STORE_SECRET_ACCESS_KEY: store.secretAccessKey,
    };
    return runCli([command, this.place.rules, '--json', ...args], { env });
  }

  sync(): Promise<CliResult> {
    return this.run('sync', '--delete', '--max-delete', '100%');
  }

  async change(orders: readonly Order[]): Promise<void> {
    await changeBucket(store, this.bucket, orders);
  }
}

let stage: Stage;
afterEach(async () => {
  await stage.source.stop();
  await stage.place.remove();
});

async function filledStage(source: Source): Promise<Stage> {
  const bucket = await store.makeBucket();
  const place = await workplace(`version: 1
allowPrivate: true
bucket: ${inStore(bucket)}
rules:
  - { id: all, origins: { masters: [${source.master}], retries: { perAddress: 1 } } }
`);
  stage = new Stage(source, bucket, place);
  await stage.put(Object.fromEntries(KEYS.map((key) => [key, firstBody(key)])));
  const first = await stage.sync();
  expect(first.summary, first.stderr).toMatchObject({ copied: KEYS.length, exitCode: 0 });
  await source.asked?.();
  return stage;
}

/** Key to outcome of all that a run did not leave as it was. */
function done({ objects }: CliResult): Record<string, string> {
  const told = objects.map((event) => ['key' in event ? event.key : '', event.outcome] as const);
  expect(new Set(told.map(([key]) => key)).size).toBe(told.length);
  return Object.fromEntries(
    told.filter(([, outcome]) => outcome !== 'skipped' && outcome !== 'equal'),
  );
}

/** Six folders and robots.txt of a site; of a store the start check and the same folders. */
const LISTING_REQUESTS = 7;

/** A sync that finds nothing to do, having asked for listings only. */
async function expectUnchanged(): Promise<void> {
  const again = await stage.sync();
  expect(done(again)).toEqual({});
  expect(await stage.source.asked?.()).toEqual(stage.source.asked && []);
  expect(again.summary).toMatchObject({
    listed: stage.objects.size,
    skipped: stage.objects.size,
    originRequests: LISTING_REQUESTS,
    exitCode: 0,
  });
}

/** Every object of the source is in the bucket, byte by byte, by who knows both sides. */
async function expectEqual(): Promise<void> {
  for (const level of VERIFY_LEVELS) {
    const run = await stage.run('verify', '--level', level);
    expect([level, done(run), run.code], run.stderr).toEqual([level, {}, 0]);
    const digest = run.summary?.verify?.digest;
    expect(digest).toMatch(new RegExp(`^bf1:${level}:${String(stage.objects.size)}:`));
    expect(await sampleDigest(store, level, stage.bucket)).toBe(digest);
  }
}

describe.each([
  { kind: 'a site of nginx', open: nginxSource },
  { kind: 'another bucket of radosgw', open: s3Source },
])('sync from $kind to radosgw', ({ open }) => {
  test('brings what is new, edited, older or gone, and asks for nothing else', async () => {
    await filledStage(await open());
    await expectUnchanged();

    await stage.put({ 'edited.txt': firstBody('edited.txt').toUpperCase() }, Date.UTC(2021, 0, 1));
    await stage.put({ 'put back.txt': 'an older one' }, LONG_AGO_MS - 400 * DAY_MS);
    await stage.put({ 'd0/new.txt': 'new' });
    await stage.remove('gone.txt');
    const changed = await stage.sync();
    expect([done(changed), changed.code]).toEqual([
      {
        'd0/new.txt': 'copied',
        'edited.txt': 'copied',
        'gone.txt': 'deleted',
        'put back.txt': 'copied',
      },
      0,
    ]);
    if (stage.source.asked !== undefined) {
      // Whether the other is really gone was asked, too.
      const asked = (await stage.source.asked()).filter((line) => !line.endsWith(' gone.txt'));
      expect(asked.toSorted()).toEqual(['GET d0/new.txt', 'GET edited.txt', 'GET put back.txt']);
    }
    await expectUnchanged();
    await expectEqual();
  });

  test('verify says which object of the bucket was damaged, from the level on that can', async () => {
    await filledStage(await open());
    const spoiled = firstBody('b.txt').replace('one', 'ONE');
    await stage.change([
      { delete: 'a.txt' },
      { spoil: 'b.txt', body: spoiled },
      { spoil: 'c.txt', body: 'cut' },
      { put: 'theirs.txt', body: 'theirs' },
    ]);
    const found = { 'a.txt': 'missing', 'theirs.txt': 'extra' };
    const sized = { ...found, 'c.txt': 'different' };
    const whole = { ...sized, 'b.txt': 'different' };
    const told = { exists: found, size: sized, etag: sized, full: whole };
    for (const level of VERIFY_LEVELS) {
      const run = await stage.run('verify', '--level', level);
      expect([level, done(run), run.code]).toEqual([level, told[level], 4]);
    }
  });
});

test('sync looks again at a file of nginx that was young when it was listed', async () => {
  await filledStage(await nginxSource());
  // Its index pages tell the minute only.
  const minuteMs = Math.floor(Date.now() / 60_000) * 60_000;
  await stage.put({ 'young.txt': 'one' }, minuteMs);
  expect(done(await stage.sync())).toEqual({ 'young.txt': 'copied' });
  await stage.put({ 'young.txt': 'ONE' }, minuteMs + 1000);
  await stage.source.asked?.();
  expect(done(await stage.sync())).toEqual({ 'young.txt': 'copied' });
  expect(await stage.source.asked?.()).toEqual(['GET young.txt']);
  expect((await stage.run('verify', '--level', 'full')).code).toBe(0);
});
