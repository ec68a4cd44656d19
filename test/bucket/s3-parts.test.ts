import type { AskedRange } from '../../src/model/byte-range.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { StoredAnswer } from '../../src/model/bucket.ts';
import { Failure } from '../../src/model/failure.ts';
import { objectKey } from '../../src/model/object-key.ts';
import type { Fault, FaultAction } from '../support/s3-double-faults.ts';
import { ATTEMPTS, s3UnderTest, type S3UnderTest } from './s3-under-test.ts';

const { signal } = new AbortController();
const KEY = objectKey('a');
const NOTHING = { headers: {}, metadata: {} };
const MIDDLE = { first: 2, last: 4 };

let under: S3UnderTest;
beforeEach(async () => {
  under = await s3UnderTest();
  await put('0123456789');
});
afterEach(async () => {
  await under.destroy();
});

const put = (content: string) =>
  under.bucket.putBytes(KEY, Buffer.from(content), NOTHING, { ifAbsent: false }, signal);
const read = <T>(range: AskedRange | undefined, reader: (answer: StoredAnswer) => Promise<T>) =>
  under.bucket.read(KEY, reader, signal, { range });
const told = (range: AskedRange | undefined) =>
  read(range, async (answer) => ({
    part: answer.part,
    size: answer.object.size,
    text: Buffer.from(await answer.bytes(100)).toString(),
  }));

/** Requests for the object's bytes, and look-ups, since the object was put. */
const asked = () => [
  under.double.asked('GetObject').length,
  under.double.asked('HeadObject').length,
];
const get = (action: FaultAction, more: Partial<Fault> = {}): void => {
  under.double.fail({ operation: 'GetObject', action, ...more });
};
const REFUSED = { kind: 'refuse', status: 416, code: 'InvalidRange' } as const;

describe('a part of an object in a store', () => {
  it('takes one request', async () => {
    expect(await told(MIDDLE)).toEqual({ part: MIDDLE, size: 10, text: '234' });
    expect(asked()).toEqual([1, 0]);
  });

  it.each<readonly [AskedRange, string]>([
    [MIDDLE, 'bytes=2-4'],
    [{ first: 2 }, 'bytes=2-'],
    [{ suffix: 3 }, 'bytes=-3'],
    [{ first: 0, last: 1e300 }, 'bytes=0-9007199254740991'],
    [{ suffix: 1e300 }, 'bytes=-9007199254740991'],
  ])('is asked for as HTTP says: %j is %s', async (range, header) => {
    await told(range);
    expect(under.double.asked('GetObject')[0]?.headers['range']).toBe(header);
  });

  it('is not asked for where the whole is wanted', async () => {
    await told(undefined);
    expect(under.double.asked('GetObject')[0]?.headers).not.toHaveProperty('range');
  });

  it('is asked for again where the store is in trouble', async () => {
    get({ kind: 'refuse', status: 503, code: 'SlowDown' }, { times: ATTEMPTS - 1 });
    expect(await told(MIDDLE)).toMatchObject({ text: '234' });
    const ranges = under.double.asked('GetObject').map(({ headers }) => headers['range']);
    expect(ranges).toEqual(Array.from({ length: ATTEMPTS }, () => 'bytes=2-4'));
  });

  it('is the whole where the store does not know ranges', async () => {
    under.double.switches.ranges = false;
    for (const range of [MIDDLE, { suffix: 3 }, { first: 10 }]) {
      expect(await told(range)).toEqual({ part: undefined, size: 10, text: '0123456789' });
    }
    expect(asked()).toEqual([3, 0]);
  });
});

describe('an answer that is not the part that was asked for', () => {
  const value = (told: string): FaultAction => ({
    kind: 'header',
    name: 'content-range',
    value: told,
  });

  it.each<readonly [string, AskedRange, FaultAction]>([
    ['begins before it', MIDDLE, value('bytes 1-4/10')],
    ['begins behind it', MIDDLE, value('bytes 3-4/10')],
    ['ends before it', MIDDLE, value('bytes 2-3/10')],
    ['ends behind it', MIDDLE, value('bytes 2-5/10')],
    ['ends before the object does', { first: 2 }, value('bytes 2-8/10')],
    ['is another end', { suffix: 3 }, value('bytes 7-9/11')],
    ['is of an object that is too short for it', MIDDLE, value('bytes 2-4/4')],
    ['is of an object of unknown length', MIDDLE, value('bytes 2-4/*')],
    ['is of an object longer than any', MIDDLE, value(`bytes 2-4/1${'0'.repeat(20)}`)],
    ['is none', MIDDLE, value('bytes */10')],
    ['is of another unit', MIDDLE, value('lines 2-4/10')],
    ['has no total', MIDDLE, value('bytes 2-4')],
    ['says more', MIDDLE, value('bytes 2-4/10, 6-7/10')],
    ['says nothing', MIDDLE, value('')],
    ['does not say which it is', MIDDLE, { kind: 'withoutHeader', name: 'content-range' }],
  ])('is refused where it %s', async (_what, range, action) => {
    get(action);
    let wasRead = false;
    const reading = read(range, () => {
      wasRead = true;
      return Promise.resolve();
    });
    await expect(reading).rejects.toMatchObject({
      code: 'BUCKET_REFUSED',
      status: 206,
      message: expect.stringMatching(
        /^bucket s3:\/\/bucket\/ answered "bytes=[^\n]* of "a" with the Content-Range "/,
      ) as string,
    });
    expect(wasRead).toBe(false);
    expect(asked()).toEqual([1, 0]);
    expect(await told(MIDDLE)).toMatchObject({ text: '234' });
  });

  it('is refused where its body has another length', async () => {
    get({ kind: 'declaredLength', bytes: 2 });
    await expect(read(MIDDLE, () => Promise.resolve())).rejects.toMatchObject({
      code: 'LENGTH_MISMATCH',
      message: expect.stringContaining('a body of 2 bytes, expected 3') as string,
    });
    expect(await told(MIDDLE)).toMatchObject({ text: '234' });
  });

  it('is refused where the length of its body is not told, as the whole is', async () => {
    get({ kind: 'withoutHeader', name: 'content-length' }, { times: 2 });
    for (const range of [MIDDLE, undefined]) {
      await expect(told(range)).rejects.toMatchObject({
        code: 'BUCKET_REFUSED',
        requestId: 'DOUBLE',
        message: expect.stringContaining('no Content-Length') as string,
      });
    }
  });

  it.each([201, 202, 203, 204, 304])('is refused with status %i', async (status) => {
    get({ kind: 'status', status });
    await expect(told(MIDDLE)).rejects.toMatchObject({ code: 'BUCKET_REFUSED', status });
  });

  it('is refused where a part comes though the whole was asked for', async () => {
    get({ kind: 'status', status: 206 });
    await expect(told(undefined)).rejects.toMatchObject({ code: 'BUCKET_REFUSED', status: 206 });
  });

  it('is told where its body is cut short', async () => {
    await put('x'.repeat(300_000));
    get({ kind: 'cutBody', afterBytes: 70_000 }, { times: 2 });
    const range = { first: 100_000, last: 199_999 };
    const cut = {
      code: 'LENGTH_MISMATCH',
      message: expect.stringContaining('broke off, expected 100000 bytes') as string,
    };
    await expect(read(range, (answer) => answer.bytes(100_000))).rejects.toMatchObject(cut);
    const piped = read(range, (answer) => answer.pipeTo(() => undefined));
    await expect(piped).rejects.toMatchObject(cut);
    expect(asked()).toEqual([2, 0]);
  });
});

describe('a range that the store refuses', () => {
  it('holds no byte of the object, which is looked up once', async () => {
    for (const range of [{ first: 10 }, { suffix: 0 }]) {
      expect(await told(range)).toEqual({ part: 'none', size: 10, text: '' });
    }
    expect(asked()).toEqual([2, 2]);
  });

  it('is asked for again where the object has bytes of it meanwhile', async () => {
    get(REFUSED);
    expect(await told(MIDDLE)).toEqual({ part: MIDDLE, size: 10, text: '234' });
    expect(asked()).toEqual([2, 1]);
  });

  it('fails where it is refused over and over though the object has bytes of it', async () => {
    get(REFUSED, { times: 100 });
    await expect(told(MIDDLE)).rejects.toMatchObject({
      code: 'BUCKET_REFUSED',
      status: 416,
      message: expect.stringMatching(/^bucket s3:\/\/bucket\/ could not read "a": /) as string,
    });
    expect(asked()).toEqual([3, 3]);
  });

  it('is of no object where that has gone meanwhile', async () => {
    get(REFUSED);
    under.inside.objects.clear();
    expect(await told(MIDDLE)).toBeUndefined();
    expect(asked()).toEqual([1, 1]);
  });

  it('fails where the object can not be looked up', async () => {
    const action = { kind: 'refuse', status: 403, code: '' } as const;
    under.double.fail({ operation: 'HeadObject', action });
    await expect(told({ first: 10 })).rejects.toMatchObject({
      code: 'BUCKET_REFUSED',
      status: 403,
      message: expect.stringContaining('could not look up "a"') as string,
    });
  });

  it.each([403, 412])('fails with status %i, and nothing is looked up', async (status) => {
    get({ kind: 'refuse', status, code: '' });
    await expect(told(MIDDLE)).rejects.toMatchObject({ code: 'BUCKET_REFUSED', status });
    expect(asked()).toEqual([1, 0]);
  });

  it('is a refusal like any other where none was asked for', async () => {
    get(REFUSED);
    await expect(told(undefined)).rejects.toMatchObject({ code: 'BUCKET_REFUSED', status: 416 });
    expect(asked()).toEqual([1, 0]);
  });

  it("is told apart from a reader's own failure", async () => {
    const mine = new Failure('ORIGIN_STATUS', 'mine', { status: 416 });
    await expect(read(MIDDLE, () => Promise.reject(mine))).rejects.toBe(mine);
    await expect(read({ first: 10 }, () => Promise.reject(mine))).rejects.toBe(mine);
  });
});
