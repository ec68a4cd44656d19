import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Claims } from '../../src/model/claims.ts';
import { FatalError } from '../../src/model/failure.ts';
import { objectKey } from '../../src/model/object-key.ts';
import type { Origin } from '../../src/model/origin.ts';
import type { PendingFills } from '../../src/model/pending-fills.ts';
import { forgivingClaims, forgivingJournal } from '../../src/serve/forgiving-store.ts';
import { ask, begin } from '../support/ask.ts';
import { memoryClaims } from '../support/memory-claims.ts';
import { memoryPendingFills } from '../support/memory-pending-fills.ts';
import { memoryUploadJournal } from '../support/memory-upload-journal.ts';
import { type ScriptedAnswer, scriptedOrigin } from '../support/scripted-origin.ts';
import { type FrontOptions, type FrontUnderTest, frontUnderTest } from './front-under-test.ts';
import { until } from './spool-under-test.ts';

const OWNER = 'migrate job j';
const key = objectKey('k');
const THEIRS = Buffer.from('stored by another process');
/** Nobody says how long it is, so it may be large. */
const OURS: ScriptedAnswer = { body: Buffer.from('from the origin'), framing: 'chunked' };

let here: FrontUnderTest;
let others: Claims;
let mine: Claims;
let requests: number;

beforeEach(async () => {
  const memory = memoryClaims();
  others = memory.open().claims;
  mine = memory.open().claims;
  requests = 0;
  await others.claim(key, OWNER);
});
afterEach(async () => {
  here.tellToStop();
  await here.close();
});

/** A proxy before an origin that gives `answers`, each time it is asked. */
async function front(answers: readonly ScriptedAnswer[], more: FrontOptions = {}): Promise<void> {
  const scripted = scriptedOrigin(answers);
  const origin: Origin = {
    ...scripted,
    read: (request, reader, signal) => {
      requests += 1;
      return scripted.read(request, reader, signal);
    },
  };
  here = await frontUnderTest({ origin, claims: mine, ...more });
}

/** Resolves when so many clients, or promises, wait for the other process. */
const waiting = async (many = 1): Promise<void> => {
  await until(() => here.clock.sleeps.filter((ms) => ms === 250).length >= many);
};
const stored = async (): Promise<void> => {
  here.bucket.contents.set('k', THEIRS);
  await others.release(key, OWNER);
  await here.clock.advance(300);
};

describe('a miss of what another process fetches', () => {
  test('waits for that, asks no origin, and is answered from the bucket', async () => {
    await front([]);
    const answers = Promise.all([ask(here.url, '/k'), ask(here.url, '/k')]);
    await waiting(2);
    await here.clock.advance(20_000);
    await stored();
    for (const answer of await answers) {
      expect(answer).toMatchObject({ status: 200, text: THEIRS.toString() });
      expect(answer.headers['x-bucketfill']).toBe('HIT');
    }
    expect(requests).toBe(0);
    expect(here.served).toMatchObject([{ neededOrigin: true }, { neededOrigin: true }]);
  });

  test('begins the fetch where the other one stored nothing, one for all who waited', async () => {
    await front([OURS]);
    const answers = Promise.all([ask(here.url, '/k'), ask(here.url, '/k')]);
    await waiting(2);
    await others.release(key, OWNER);
    await here.clock.advance(300);
    for (const { text } of await answers) expect(text).toBe(OURS.body.toString());
    expect(here.bucket.contents.get('k')?.toString()).toBe(OURS.body.toString());
    expect(requests).toBe(1);
  });

  test('is read through, and not stored, where it takes longer than clients wait', async () => {
    await front([OURS, OURS]);
    const answer = ask(here.url, '/k');
    await waiting();
    await here.clock.advance(29_900);
    expect([requests, here.served]).toEqual([0, []]);
    await here.clock.advance(200);
    expect(await answer).toMatchObject({ status: 200, text: OURS.body.toString() });
    expect((await answer).headers['x-bucketfill']).toBe('PROXY');
    expect([here.bucket.contents.size, here.fills.count]).toEqual([0, 0]);
  });

  test('is read through at once for HEAD and for a range', async () => {
    await front([
      { body: OURS.body, framing: 'length' },
      { body: OURS.body, framing: 'length' },
    ]);
    const part = await ask(here.url, '/k', { headers: { range: 'bytes=0-3' } });
    expect([part.status, part.text]).toEqual([206, 'from']);
    expect((await ask(here.url, '/k', { method: 'HEAD' })).status).toBe(200);
    expect([here.bucket.contents.size, here.clock.sleeps.includes(250)]).toEqual([0, false]);
  });

  test('waits also for a range that may be the whole, by If-Range', async () => {
    await front([]);
    const headers = { range: 'bytes=0-3', 'if-range': '"memory"' };
    const answer = ask(here.url, '/k', { headers });
    await waiting();
    await stored();
    expect(await answer).toMatchObject({ status: 206, text: 'stor' });
    expect(requests).toBe(0);
  });

  test('is answered at once when the proxy is told to stop', async () => {
    await front([OURS]);
    const answer = ask(here.url, '/k');
    await waiting();
    here.tellToStop();
    expect(await answer).toMatchObject({ status: 200, text: OURS.body.toString() });
  });

  test('ends when its client leaves', async () => {
    await front([]);
    const { leave } = begin(here.url, '/k');
    await waiting();
    leave();
    await until(() => here.served.length === 1);
    expect(here.served).toMatchObject([{ cut: true, status: 0 }]);
    await here.clock.settle();
    expect([here.clock.sleepers(), requests]).toEqual([0, 0]);
  });

  test('that is found out by the head gives the answer up, and waits', async () => {
    let looks = 0;
    const late: Claims = {
      ...mine,
      held: (asked) => {
        looks += 1;
        return looks === 1 ? Promise.resolve(undefined) : mine.held(asked);
      },
    };
    await front([OURS], { claims: late });
    const answer = ask(here.url, '/k');
    await waiting();
    expect(requests).toBe(1);
    await stored();
    expect(await answer).toMatchObject({ status: 200, text: THEIRS.toString() });
    expect((await answer).headers['x-bucketfill']).toBe('HIT');
    expect([requests, here.bucket.openUploads()]).toEqual([1, 0]);
  });
});

test('HEAD that joined a fetch which was given up is read through at once', async () => {
  let letGo = (): void => undefined;
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  let reads = 0;
  const scripted = scriptedOrigin([OURS, OURS]);
  const origin: Origin = {
    ...scripted,
    read: async (request, reader, signal) => {
      reads += 1;
      if (reads === 1) await gate;
      return scripted.read(request, reader, signal);
    },
  };
  const claims: Claims = { ...mine, held: () => Promise.resolve(undefined) };
  let looks = 0;
  here = await frontUnderTest({
    origin,
    claims,
    seen: (bucket) => ({
      ...bucket,
      head: (...asked) => {
        looks += 1;
        return bucket.head(...asked);
      },
    }),
  });
  const whole = begin(here.url, '/k');
  await until(() => reads === 1);
  const answer = ask(here.url, '/k', { method: 'HEAD' });
  await until(() => looks > 0);
  letGo();
  expect((await answer).status).toBe(200);
  expect(reads).toBe(2);
  whole.leave();
});

describe('a promised fetch of what another process fetches', () => {
  let pending: PendingFills;
  const redirected = async (): Promise<number> => (await ask(here.url, '/k')).status;
  beforeEach(() => {
    ({ pending } = memoryPendingFills().open());
  });

  test('waits in the background, and is kept once the object is there', async () => {
    await front([], { action: 'redirectAndFetch', pending });
    expect(await redirected()).toBe(302);
    await waiting();
    expect(await pending.all()).toHaveLength(1);
    await stored();
    await expect.poll(() => pending.all()).toEqual([]);
    expect(requests).toBe(0);
  });

  test('is made where the other one stored nothing', async () => {
    await front([OURS], { action: 'redirectAndFetch', pending });
    expect(await redirected()).toBe(302);
    await waiting();
    await others.release(key, OWNER);
    await here.clock.advance(300);
    await expect.poll(() => pending.all()).toEqual([]);
    expect(here.bucket.contents.get('k')?.toString()).toBe(OURS.body.toString());
  });

  test('stays written down when the proxy is told to stop', async () => {
    await front([], { action: 'redirectAndFetch', pending });
    expect(await redirected()).toBe(302);
    await waiting();
    here.tellToStop();
    await here.clock.settle();
    expect(await pending.all()).toHaveLength(1);
    expect(here.clock.sleepers()).toBe(0);
  });
});

describe('a state that can not be used any more', () => {
  const broken = (): Promise<never> =>
    Promise.reject(new FatalError('state-unusable', 'the disk is full'));

  test('costs no client its answer, and is told', async () => {
    const told: string[] = [];
    const all: Claims = { claim: broken, release: broken, held: broken, heldByOthers: broken };
    await front([OURS], { claims: forgivingClaims(all, ({ message }) => told.push(message)) });
    expect(await ask(here.url, '/k')).toMatchObject({ status: 200, text: OURS.body.toString() });
    await here.fills.settled();
    expect(told).toEqual(Array.from(told, () => 'the disk is full'));
    expect(told.length).toBeGreaterThan(1);
    expect(await forgivingClaims(all, () => undefined).heldByOthers()).toEqual(new Map());
  });

  test('keeps no upload from being made, and is told', async () => {
    const told: string[] = [];
    const journal = { keep: broken, drop: broken, all: broken };
    const forgiving = forgivingJournal(journal, ({ message }) => told.push(message));
    await forgiving.keep(key, '{}');
    await forgiving.drop(key);
    expect([await forgiving.all(), told.length]).toEqual([[], 3]);
  });

  test('is not what any other error is taken for', async () => {
    await front([]);
    const bug = { ...memoryUploadJournal(), drop: () => Promise.reject(new Error('a bug')) };
    await expect(forgivingJournal(bug, () => undefined).drop(key)).rejects.toThrow('a bug');
  });
});
