import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSharedStore } from '../../src/checkpoint/shared-store.ts';
import { answerOf, ask, begin } from '../support/ask.ts';
import { type GatedOrigin, gatedOrigin } from '../support/gated-origin.ts';
import { plainFiles } from '../support/oracle.ts';
import { type ServeProcess, serveProcess } from '../support/serve-process.ts';
import { rulesFor, type Workplace, workplace } from '../support/workplace.ts';

const BODY = Buffer.alloc(300_000, 'what was promised is kept. ');
/** Processes start; on a busy machine that takes seconds. */
const PATIENCE = { timeout: 20_000 };
const TIMEOUT_MS = 60_000;
/** With so little memory a body like this one goes to disk. */
const LITTLE_MEMORY = { BUCKETFILL_MEMORY: '32MiB' };
const LARGE = Buffer.alloc(900_000, 'this one goes to disk. ');
const HELD = { body: BODY, headers: { etag: '"v1"' } };

let origin: GatedOrigin;
let place: Workplace;
let serve: ServeProcess;

beforeEach(async () => {
  origin = await gatedOrigin();
});
afterEach(async () => {
  serve.kill('SIGKILL');
  await serve.exit;
  await Promise.all([origin.close(), place.remove()]);
});

async function start(action: 'mirror' | 'redirectAndFetch'): Promise<void> {
  place = await workplace(`${rulesFor([`${origin.url}/`])}    action: ${action}\n`);
  serve = await serveProcess(place, LITTLE_MEMORY);
}

async function killAndRestart(): Promise<void> {
  serve.kill('SIGKILL');
  expect(await serve.exit).toEqual({ code: null, signal: 'SIGKILL' });
  expect(await plainFiles(place.bucket)).toEqual(new Map());
  serve = await serveProcess(place, LITTLE_MEMORY);
}

/** What is written down as promised and not done, when no process has the state open. */
async function pendingKeys(): Promise<readonly string[]> {
  const buckets = path.join(place.folder, '.bucketfill', 'buckets');
  const [name = ''] = await readdir(buckets);
  const shared = await openSharedStore({ directory: path.join(buckets, name), now: () => 0 });
  const pending = await shared.pending.all();
  await shared.close();
  return pending.map(({ key }) => key);
}

async function stop(): Promise<void> {
  serve.kill('SIGTERM');
  expect(await serve.exit).toEqual({ code: 0, signal: null });
}

test.each([
  ['before the origin answered', -1],
  ['half-way through the body', 100_000],
])(
  'a fetch that a client was promised is made by the next process when one is killed %s',
  async (_when, sent) => {
    await start('redirectAndFetch');
    origin.hold('/k', { ...HELD, sent });
    const answer = await ask(serve.url, '/k');
    expect(answer).toMatchObject({ status: 302, headers: { location: `${origin.url}/k` } });
    await origin.asked('/k');
    await killAndRestart();
    await origin.asked('/k', 2);
    origin.release('/k');
    await expect
      .poll(async () => (await plainFiles(place.bucket)).get('k'), PATIENCE)
      .toEqual(BODY);
    await stop();
    expect(await pendingKeys()).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'what was promised outlives several kills in a row, and is fetched once by each process',
  async () => {
    await start('redirectAndFetch');
    const keys = ['a', 'b', 'c/d', 'é'];
    for (const key of keys) origin.hold(encodeURI(`/${key}`), { ...HELD, sent: 1 });
    await Promise.all(keys.map((key) => ask(serve.url, encodeURI(`/${key}`))));
    for (const key of keys) await origin.asked(encodeURI(`/${key}`));
    for (let processes = 2; processes <= 3; processes += 1) {
      await killAndRestart();
      for (const key of keys) await origin.asked(encodeURI(`/${key}`), processes);
    }
    for (const key of keys) origin.release(encodeURI(`/${key}`));
    await expect
      .poll(async () => (await plainFiles(place.bucket)).size, PATIENCE)
      .toBe(keys.length);
    await stop();
    expect(await pendingKeys()).toEqual([]);
    for (const key of keys) expect(origin.requestsFor(encodeURI(`/${key}`))).toHaveLength(3);
  },
  TIMEOUT_MS,
);

test(
  'a mirrored object whose process is killed is cut for its client, not stored, and whole at the next read',
  async () => {
    await start('mirror');
    origin.hold('/k', { ...HELD, body: LARGE, sent: 100_000 });
    const head = await begin(serve.url, '/k').head;
    await killAndRestart();
    expect((await answerOf(head)).cut).toBe(true);
    origin.release('/k');
    const again = await ask(serve.url, '/k');
    expect(again).toMatchObject({ status: 200, cut: false });
    expect(again.body.equals(LARGE)).toBe(true);
    await stop();
    expect((await plainFiles(place.bucket)).get('k')).toEqual(LARGE);
    expect(await readdir(path.join(place.folder, '.bucketfill', 'spool'))).toEqual([]);
  },
  TIMEOUT_MS,
);
