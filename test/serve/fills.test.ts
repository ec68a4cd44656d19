import { afterEach, beforeEach, expect, test } from 'vitest';
import { Interrupted } from '../../src/model/failure.ts';
import { objectKey } from '../../src/model/object-key.ts';
import type { Origin } from '../../src/model/origin.ts';
import type { FillWork } from '../../src/serve/fill.ts';
import { Fills } from '../../src/serve/fills.ts';
import { unbounded } from '../../src/serve/unbounded.ts';
import { memoryBucket } from '../support/memory-bucket.ts';
import { scriptedOrigin } from '../support/scripted-origin.ts';
import { storeSettings } from '../support/settings.ts';
import { readSpool, type SpaceUnderTest, spaceUnderTest, until } from './spool-under-test.ts';

const BODY = Buffer.from('hello');
const forEver = new AbortController().signal;

let space: SpaceUnderTest;
let fills: Fills;

beforeEach(async () => {
  space = await spaceUnderTest();
  fills = new Fills(forEver);
});
afterEach(async () => {
  fills.cancelAll();
  await fills.settled();
  await space.remove();
});

/** An origin that answers nothing until it is told to stop, and then takes its time. */
function silentOrigin(): Origin & { readonly end: () => void } {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  return {
    ...scriptedOrigin([]),
    end,
    read: async (_request, _reader, signal) => {
      await ended;
      throw signal.reason;
    },
  };
}

function work(origin: Origin): FillWork {
  const key = objectKey('k');
  return {
    transfer: {
      entry: { key },
      source: origin,
      request: {
        key,
        originKey: 'k',
        query: '',
        url: undefined,
        headers: {},
        unless: undefined,
        onRequest: () => undefined,
      },
      bucket: memoryBucket(),
      store: storeSettings({}),
      ifAbsent: true,
      stored: undefined,
      memory: unbounded,
    },
    spools: space.space,
    forbids: () => undefined,
  };
}

const hello = (): FillWork => work(scriptedOrigin([{ body: BODY }]));

test('who comes while a fetch is being ended, since all had left, gets one of its own', async () => {
  const silent = silentOrigin();
  const first = fills.join('k', () => work(silent), false);
  first.leave();
  expect(fills.has('k')).toBe(false);
  const second = fills.join('k', hello, false);
  expect(second.joined).toBe(false);
  const edition = await second.fill.edition(0, forEver);
  expect(await readSpool(edition.spool)).toEqual(BODY);
  silent.end();
  await first.fill.over;
  expect(fills.count).toBeLessThanOrEqual(1);
});

test('the end of an older fetch of the same object leaves the one under way joinable', async () => {
  const [silent, other] = [silentOrigin(), silentOrigin()];
  const first = fills.join('k', () => work(silent), false);
  first.leave();
  const second = fills.join('k', () => work(other), true);
  silent.end();
  await first.fill.over;
  expect(fills.join('k', hello, true)).toMatchObject({ joined: true, fill: second.fill });
  other.end();
});

test('a fetch that is ended failed for that, and for nothing else', async () => {
  const silent = silentOrigin();
  const stop = new AbortController();
  const { fill } = new Fills(stop.signal).join('k', () => work(silent), true);
  stop.abort('SIGTERM');
  silent.end();
  const end = await fill.over;
  expect(end.outcome === 'failed' && end.error).toBeInstanceOf(Interrupted);
});

test('who joined can read the body when the fetch is over, until the last one leaves', async () => {
  const one = fills.join('k', hello, true);
  const other = fills.join('k', hello, true);
  await fills.settled();
  one.leave();
  const edition = await other.fill.edition(0, forEver);
  expect(await readSpool(edition.spool)).toEqual(BODY);
  expect(edition.size()).toBe(BODY.length);
  edition.release();
  other.leave();
  await until(() => space.space.usage().spools === 0);
});

test('of what was stored it is known since when', async () => {
  const before = fills.now;
  expect(fills.storedSince('k', before)).toBe(false);
  fills.join('k', hello, true).leave();
  await fills.settled();
  expect(fills.storedSince('k', before)).toBe(true);
  expect(fills.storedSince('k', fills.now)).toBe(false);
});

test('a fetch that nobody joins is counted, waited for and ended with the others', async () => {
  let finish = (): void => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const made = fills.beside(() => finished.then(() => 'made'));
  expect(fills.count).toBe(1);
  let settled = false;
  const all = Promise.all([fills.underWayNow(), fills.settled()]).then(() => (settled = true));
  await new Promise(setImmediate);
  expect(settled).toBe(false);
  finish();
  expect(await made).toBe('made');
  await all;
  expect(fills.count).toBe(0);

  const ended = fills.beside(async (signal) => {
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        resolve();
      });
    });
    throw signal.reason;
  });
  fills.cancelAll();
  await expect(ended).rejects.toThrow(Interrupted);
  expect(fills.count).toBe(0);
});
