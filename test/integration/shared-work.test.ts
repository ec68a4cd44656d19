import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSharedStore, type SharedStore } from '../../src/checkpoint/shared-store.ts';
import { objectKey } from '../../src/model/object-key.ts';
import { answerOf, ask, begin } from '../support/ask.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';
import { type GatedOrigin, gatedOrigin } from '../support/gated-origin.ts';
import { sha256 } from '../support/oracle.ts';
import { type CliResult, runCli, type RunningCli } from '../support/run-cli.ts';
import { serveHere, type ServeHere } from '../support/serve-here.ts';
import { type Workplace, workplace } from '../support/workplace.ts';

/** More than the rule's threshold. */
const LARGE = Buffer.alloc(8 * 1024 * 1024, 'a large object that nobody wants to pay for twice. ');
const HEADERS = { etag: '"v1"' };
/** What comes before the test lets the rest come. */
const BEGINNING = 2 * 1024 * 1024;
const big = objectKey('big');

let origin: GatedOrigin;
let place: Workplace;
let proxy: ServeHere | undefined;
let third: SharedStore | undefined;

beforeEach(async () => {
  origin = await gatedOrigin();
  origin.hold('/big', { body: LARGE, headers: HEADERS, sent: BEGINNING, ranges: true });
  place = await workplace(`version: 1
allowPrivate: true
bucket: { url: "file:./bucket" }
defaults:
  origins: { masters: ["${origin.url}/"], retries: { base: 1ms, max: 2ms } }
  store: { multipart: { threshold: 5MiB } }
rules:
  - { id: variants, match: { keyPrefix: q/ }, request: { passQuery: true } }
  - { id: all }
`);
  await place.list(['big']);
});
afterEach(async () => {
  await proxy?.stop();
  await third?.close();
  [proxy, third] = [undefined, undefined];
  await Promise.all([origin.close(), place.remove()]);
});

const serve = async (clock?: FakeClock): Promise<ServeHere> => {
  proxy = await serveHere(place, clock === undefined ? {} : { clock });
  return proxy;
};
const state = (): string => path.join(place.folder, '.bucketfill');

/** The store as a third process on the bucket sees it; `serve` has made it. */
async function look(): Promise<SharedStore> {
  const [bucket = expect.fail()] = await readdir(path.join(state(), 'buckets'));
  third = await openSharedStore({
    directory: path.join(state(), 'buckets', bucket),
    now: () => 0,
  });
  return third;
}

/** Of the other processes, which are busy elsewhere. */
const aMoment = async (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

async function claimed({ claims }: SharedStore): Promise<string> {
  for (;;) {
    const holder = await claims.held(big);
    if (holder !== undefined) return holder.owner;
    await aMoment();
  }
}

/** Clients of a proxy with that clock wait for another process: they look 4 times a second. */
async function waiting(clock: FakeClock): Promise<void> {
  while (!clock.sleeps.includes(250)) await aMoment();
}

/** Lets so much time pass that who waits looks again. */
const lookAgain = async (clock: FakeClock): Promise<void> => clock.advance(300);

/** A migrate in a process of its own, and what it can be done to. */
function migrating(): { readonly run: Promise<CliResult>; readonly process: RunningCli } {
  let running: RunningCli | undefined;
  const run = place.migrate([], { onStart: (started) => (running = started) });
  return { run, process: running ?? expect.fail() };
}

/** Resolves when a process said that on stderr. */
async function said({ stderr }: RunningCli, words: string): Promise<void> {
  while (!stderr().includes(words)) await aMoment();
}

describe('a large object that two processes want', () => {
  test('is fetched once where migrate was first, and its client is answered from the bucket', async () => {
    const clock = fakeClock();
    const { url } = await serve(clock);
    const store = await look();
    const run = place.migrate();
    expect(await claimed(store)).toMatch(/^migrate job /);
    const answer = ask(url, '/big');
    await waiting(clock);
    origin.release('/big');
    expect((await run).objects).toMatchObject([{ key: 'big', outcome: 'copied' }]);
    await lookAgain(clock);
    const { body, headers } = await answer;
    expect([sha256(body), headers['x-bucketfill']]).toEqual([sha256(LARGE), 'HIT']);
    expect(origin.requestsFor('/big')).toHaveLength(1);
    expect(await store.claims.held(big)).toBeUndefined();
  });

  test('is fetched once where serve was first, and exists for migrate', async () => {
    const { url } = await serve();
    const client = await begin(url, '/big').head;
    const { run, process: migrate } = migrating();
    await said(migrate, '"big" is being fetched by serve pid ');
    origin.release('/big');
    expect(sha256((await answerOf(client)).body)).toBe(sha256(LARGE));
    const { code, objects, summary } = await run;
    expect([code, objects]).toMatchObject([0, [{ outcome: 'skipped', reason: 'exists' }]]);
    expect(summary).toMatchObject({ originRequests: 0 });
    expect(origin.requestsFor('/big')).toHaveLength(1);
  });

  test('is fetched by the one that waits when the other is killed', async () => {
    const clock = fakeClock();
    const { url } = await serve(clock);
    const store = await look();
    const { run, process: migrate } = migrating();
    await claimed(store);
    const answer = ask(url, '/big');
    await waiting(clock);
    migrate.kill('SIGKILL');
    expect((await run).code).toBeNull();
    await lookAgain(clock);
    await origin.asked('/big', 2);
    origin.release('/big');
    const { body, headers } = await answer;
    expect([sha256(body), headers['x-bucketfill']]).toEqual([sha256(LARGE), 'MISS']);
  });

  test('is read through from the origin where the other one takes too long', async () => {
    const clock = fakeClock();
    const { url } = await serve(clock);
    const { claims } = await look();
    await claims.claim(big, 'migrate job stalled');
    origin.release('/big');
    const answer = ask(url, '/big');
    await waiting(clock);
    expect(origin.requestsFor('/big')).toEqual([]);
    // Each look goes to the store's thread and back, which takes no time of that clock.
    let passedMs = 0;
    for (; origin.requestsFor('/big').length === 0; passedMs += 250) await clock.advance(250);
    expect(passedMs).toBeGreaterThanOrEqual(30_000);
    const { body, headers } = await answer;
    expect([sha256(body), headers['x-bucketfill']]).toEqual([sha256(LARGE), 'PROXY']);
    expect((await ask(url, '/big', { method: 'HEAD' })).headers['x-bucketfill']).toBe('MISS');
    const range = { headers: { range: 'bytes=2-6' } };
    expect(await ask(url, '/big', range)).toMatchObject({ status: 206, text: 'large' });
    expect(existsSync(path.join(place.bucket, 'big'))).toBe(false);
  });

  test('is neither waited for nor claimed as a variant that is not stored', async () => {
    const clock = fakeClock();
    const { url } = await serve(clock);
    const { claims } = await look();
    origin.hold('/q/big?x=1', { body: LARGE, sent: BEGINNING });
    const first = await begin(url, '/q/big?x=1').head;
    expect(await claims.held(objectKey('q/big'))).toBeUndefined();
    origin.release('/q/big?x=1');
    await answerOf(first);
    await claims.claim(objectKey('q/big'), 'migrate job j');
    expect(sha256((await ask(url, '/q/big?x=1')).body)).toBe(sha256(LARGE));
    expect(clock.sleeps).not.toContain(250);
  });

  test('is left open by a run that is told to stop while it waits', async () => {
    await serve();
    const { claims } = await look();
    await claims.claim(big, 'serve pid 1 on elsewhere');
    const { run, process: migrate } = migrating();
    await said(migrate, '"big" is being fetched by serve pid 1 on elsewhere');
    migrate.kill('SIGTERM');
    const { code, summary } = await run;
    expect([code, summary]).toMatchObject([143, { listed: 0, originRequests: 0 }]);
    await claims.release(big, 'serve pid 1 on elsewhere');
    origin.release('/big');
    const resumed = await place.migrate();
    expect([resumed.code, resumed.summary?.resumed]).toEqual([0, true]);
    expect(resumed.objects).toMatchObject([{ key: 'big', outcome: 'copied' }]);
  });

  test('is claimed by prefetch as well, which names itself', async () => {
    await serve();
    const store = await look();
    const run = runCli(['prefetch', place.rules, 'big', '--json']);
    expect(await claimed(store)).toMatch(/^prefetch pid \d+ on ./);
    origin.release('/big');
    expect((await run).objects).toMatchObject([{ key: 'big', outcome: 'copied' }]);
  });

  test('is neither claimed nor waited for by a dry run', async () => {
    await serve();
    const store = await look();
    await store.claims.claim(big, 'serve pid 1 on elsewhere');
    expect((await place.migrate(['--dry-run'])).objects).toMatchObject([{ outcome: 'planned' }]);
    await store.claims.release(big, 'serve pid 1 on elsewhere');
    expect((await place.migrate(['--dry-run'])).objects).toMatchObject([{ outcome: 'planned' }]);
    expect(await store.claims.held(big)).toBeUndefined();
    expect(origin.requestsFor('/big')).toEqual([]);
  });
});

test('a run of small objects, alone on its bucket, never opens what processes share', async () => {
  origin.hold('/a', { body: 'small' });
  origin.hold('/b', { body: 'of no declared length', chunked: true });
  await place.list(['a', 'b']);
  expect((await place.migrate()).summary).toMatchObject({ copied: 2 });
  expect(await readdir(state())).not.toContain('buckets');
  origin.release('/big');
  await place.list(['big']);
  expect((await place.migrate(['--new-job'])).summary).toMatchObject({ copied: 1 });
  expect(await readdir(state())).toContain('buckets');
});
