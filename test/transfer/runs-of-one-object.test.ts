import { beforeEach, describe, expect, test } from 'vitest';
import { FatalError } from '../../src/model/failure.ts';
import { objectKey } from '../../src/model/object-key.ts';
import { OwnClaims } from '../../src/transfer/own-claims.ts';
import { memoryClaims } from '../support/memory-claims.ts';
import {
  BODY,
  PART,
  refusal,
  type RunChange,
  type RunsOfOneObject,
  runsOfOneObject,
} from './runs-of-one-object.ts';

let runs: RunsOfOneObject;

beforeEach(() => {
  runs = runsOfOneObject();
});

/** Nothing of the object can be seen; the upload is there, and written down. */
async function expectHalfWay(): Promise<void> {
  expect([runs.store.objects.size, runs.store.uploads.size]).toEqual([0, 1]);
  expect(await runs.journal.all()).toHaveLength(1);
}

const full = new FatalError('state-unusable', 'no space left for the state');

/** A journal that has room for so many marks. */
function roomFor(room: number): RunChange {
  let marks = 0;
  const keep: RunChange['keep'] = (key, sealed) => {
    marks += 1;
    return marks > room ? Promise.reject(full) : runs.journal.keep(key, sealed);
  };
  return { keep };
}

describe('a run that ends during the completion of an upload leaves it to the next one', () => {
  test.each([400, 403])('because the token expired (%i)', async (status) => {
    const completeUpload = () => Promise.reject(refusal('ExpiredToken', status));
    await expect(runs.run({ control: { completeUpload } })).rejects.toMatchObject({
      kind: 'bucket-unusable',
    });
    await expectHalfWay();
    expect(await runs.run()).toMatchObject({ outcome: 'copied', bytes: BODY.length });
    // Only what is behind the last mark is fetched again.
    expect(runs.asked).toEqual([undefined, 3 * PART]);
    await runs.expectStored();
  });

  test('because it was aborted', async () => {
    const stop = new AbortController();
    const completeUpload = () => {
      stop.abort(new Error('SIGINT'));
      return Promise.reject(new Error('SIGINT'));
    };
    await expect(runs.run({ stop, control: { completeUpload } })).rejects.toThrow('SIGINT');
    await expectHalfWay();
    expect(await runs.run()).toMatchObject({ outcome: 'copied', bytes: BODY.length });
    expect(runs.asked).toEqual([undefined, 3 * PART]);
    await runs.expectStored();
  });
});

test('what a run left is kept while another process has the key, and gone on with after that', async () => {
  // Large, also where much less of it is there than that.
  const large = { thresholdBytes: 3 * PART + 1 };
  await expect(runs.run({ ...large, ...roomFor(2) })).rejects.toBe(full);
  const memory = memoryClaims();
  const { claims: others } = memory.open();
  await others.claim(objectKey('k'), 'serve pid 1 on h');
  const claims = new OwnClaims(memory.open().claims, 'migrate job j');
  const by = { owner: 'serve pid 1 on h', sinceMs: 0 };
  expect(await runs.run({ ...large, claims })).toEqual({ outcome: 'held', by });
  await expectHalfWay();
  await others.release(objectKey('k'), by.owner);
  const copied = await runs.run({ ...large, claims });
  expect(copied).toMatchObject({ outcome: 'copied', bytes: BODY.length });
  expect(runs.asked).toEqual([undefined, PART, PART]);
  expect(await others.held(objectKey('k'))).toBeUndefined();
  await runs.expectStored();
});

test('a completion that is refused for the object itself leaves nothing', async () => {
  const completeUpload = () => Promise.reject(refusal('EntityTooSmall', 400));
  await expect(runs.run({ control: { completeUpload } })).rejects.toMatchObject({
    code: 'BUCKET_REFUSED',
  });
  expect([runs.store.objects.size, runs.store.uploads.size]).toEqual([0, 0]);
  expect(await runs.journal.all()).toEqual([]);
});

describe('a state that is full when an upload is marked', () => {
  test.each([
    ['first', 1, undefined],
    ['second', 2, PART],
    ['third', 3, 2 * PART],
  ])(
    'behind its %s part ends the run, and the next one goes on from what was marked',
    async (_which, room, from) => {
      await expect(runs.run(roomFor(room))).rejects.toBe(full);
      await expectHalfWay();
      expect(await runs.run()).toMatchObject({ outcome: 'copied', bytes: BODY.length });
      expect(runs.asked).toEqual([undefined, from]);
      await runs.expectStored();
    },
  );

  // It stays in the store, and neither a later run nor `cleanup` knows of it.
  test('before its first part leaves no upload in the store', async () => {
    await expect(runs.run(roomFor(0))).rejects.toBe(full);
    expect(runs.store.uploads.size).toBe(0);
  });
});

describe('an upload that an earlier run left', () => {
  beforeEach(async () => {
    await expect(runs.run(roomFor(3))).rejects.toBe(full);
    await expectHalfWay();
  });

  test.each([
    ['AccessDenied', 403],
    ['NotImplemented', 501],
    ['MethodNotAllowed', 405],
    ['NoSuchUpload', 404],
  ])(
    'whose parts the store does not list (%s) is begun again, and none is left',
    async (...why) => {
      const listParts = () => Promise.reject(refusal(...why));
      expect(await runs.run({ control: { listParts } })).toMatchObject({ bytes: BODY.length });
      expect(runs.asked).toEqual([undefined, undefined]);
      await runs.expectStored();
    },
  );

  test('stays where the store is not to be reached, for the run after', async () => {
    const listParts = () => Promise.reject(refusal('InternalError', 500));
    await expect(runs.run({ control: { listParts } })).rejects.toMatchObject({
      code: 'BUCKET_UNREACHABLE',
    });
    await expectHalfWay();
    expect(await runs.run()).toMatchObject({ bytes: BODY.length });
    await runs.expectStored();
  });

  test('and that the store will not let go of keeps nobody from copying the object', async () => {
    const control = {
      listParts: () => Promise.reject(refusal('AccessDenied', 403)),
      abortUpload: () => Promise.reject(refusal('AccessDenied', 403)),
    };
    expect(await runs.run({ control })).toMatchObject({ outcome: 'copied' });
    expect(runs.store.objects.get('k')?.equals(BODY)).toBe(true);
  });
});
