import type { AskedRange } from '../../src/model/byte-range.ts';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Bucket, ReadOptions, StoredAnswer } from '../../src/model/bucket.ts';
import { type ObjectKey, objectKey } from '../../src/model/object-key.ts';
import type { BucketUnderTest } from './bucket-contract.ts';

const KEY = objectKey('parts/object');
const BESIDE = { headers: { 'content-type': 'text/plain' }, metadata: { note: 'x' } };

/** More reads than any adapter under test has connections. */
const MANY = 40;

/** Bytes that differ at every offset, so that a shifted part shows. */
function pattern(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += 1) bytes[at] = (at * 31 + (at >> 8) * 17 + (at >> 16)) & 0xff;
  return bytes;
}

/** What a range holds of some bytes, told byte by byte. */
function bytesIn(range: AskedRange, whole: Buffer): Buffer {
  const isIn = (at: number): boolean =>
    'suffix' in range
      ? at >= whole.length - range.suffix
      : at >= range.first && at <= (range.last ?? Infinity);
  return Buffer.from(whole.filter((_, at) => isIn(at)));
}

/** `2-4`, `none` or `whole`. */
function shown({ part }: StoredAnswer): string {
  if (part === undefined) return 'whole';
  return part === 'none' ? part : `${part.first}-${part.last}`;
}

/** What every Bucket adapter keeps where parts of objects are read. */
export function bucketPartsContract(name: string, make: () => Promise<BucketUnderTest>): void {
  describe(`${name} gives parts of objects`, () => {
    let bucket: Bucket;
    let destroy: () => Promise<void>;
    const { signal } = new AbortController();

    beforeEach(async () => {
      ({ bucket, destroy } = await make());
    });
    afterEach(async () => {
      await destroy();
    });

    const put = (bytes: Uint8Array, key: ObjectKey = KEY) =>
      bucket.putBytes(key, bytes, BESIDE, { ifAbsent: false }, signal);
    const read = <T>(
      range: AskedRange,
      reader: (answer: StoredAnswer) => Promise<T>,
      key: ObjectKey = KEY,
    ) => bucket.read(key, reader, signal, { range });
    const bytesOf = async (answer: StoredAnswer) => Buffer.from(await answer.bytes(2 ** 24));

    /** The part and its text. */
    const told = (options: ReadOptions | undefined) =>
      bucket.read(
        KEY,
        async (answer) => `${shown(answer)} ${(await bytesOf(answer)).toString()}`,
        signal,
        options,
      );

    it.each<readonly [string, AskedRange, string]>([
      ['the first byte', { first: 0, last: 0 }, '0-0 0'],
      ['the middle', { first: 2, last: 4 }, '2-4 234'],
      ['the last byte', { first: 9, last: 9 }, '9-9 9'],
      ['the last byte as an open range', { first: 9 }, '9-9 9'],
      ['the rest', { first: 7 }, '7-9 789'],
      ['all of it as a range', { first: 0 }, '0-9 0123456789'],
      ['what there is of a range too long', { first: 8, last: 100 }, '8-9 89'],
      ['what there is of a range beyond all numbers', { first: 8, last: 1e300 }, '8-9 89'],
      ['the end', { suffix: 3 }, '7-9 789'],
      ['all of it as its end', { suffix: 10 }, '0-9 0123456789'],
      ['all of it where its end is longer', { suffix: 100 }, '0-9 0123456789'],
      ['all of it where its end is beyond all numbers', { suffix: 1e300 }, '0-9 0123456789'],
      ['nothing right behind the end', { first: 10 }, 'none '],
      ['nothing far behind the end', { first: 100, last: 200 }, 'none '],
      ['nothing beyond all numbers', { first: 1e300 }, 'none '],
    ])('%s', async (_what, range, expected) => {
      await put(Buffer.from('0123456789'));
      expect(await told({ range })).toBe(expected);
    });

    it('as the whole where no range is asked for', async () => {
      await put(Buffer.from('0123456789'));
      for (const options of [undefined, {}, { range: undefined }]) {
        expect(await told(options)).toBe('whole 0123456789');
      }
    });

    it('with what is known of the whole object', async () => {
      await put(Buffer.from('0123456789'));
      const object = await bucket.head(KEY, signal);
      expect(object).toMatchObject({ size: 10, ...BESIDE });
      for (const range of [{ first: 2, last: 4 }, { suffix: 1 }, { first: 10 }]) {
        expect(await read(range, (answer) => Promise.resolve(answer.object))).toEqual(object);
      }
    });

    it('none of an object without bytes', async () => {
      await put(new Uint8Array(0));
      for (const range of [{ first: 0 }, { first: 0, last: 0 }, { first: 5 }, { suffix: 1 }]) {
        expect(await told({ range }), JSON.stringify(range)).toBe('none ');
      }
      expect(await told(undefined)).toBe('whole ');
    });

    it('none where there is no object', async () => {
      for (const range of [{ first: 0 }, { first: 5, last: 6 }, { suffix: 1 }]) {
        expect(await read(range, () => Promise.resolve('read'))).toBeUndefined();
      }
    });

    it('an empty body where a range holds no byte', async () => {
      await put(Buffer.from('0123456789'));
      const chunks: Uint8Array[] = [];
      const keep = (chunk: Uint8Array): void => {
        chunks.push(chunk);
      };
      expect(await read({ first: 10 }, (answer) => answer.pipeTo(keep))).toBe(0);
      expect(chunks).toEqual([]);
      expect(await read({ first: 10 }, (answer) => answer.bytes(0))).toHaveLength(0);
    });

    it('just the bytes of any range of any object', async () => {
      const longest = 6;
      const keyOf = (size: number) => objectKey(`parts/${size}`);
      for (let size = 1; size <= longest; size += 1) await put(pattern(size), keyOf(size));
      const first = fc.nat(longest + 2);
      const anyRange: fc.Arbitrary<AskedRange> = fc.oneof(
        fc.record({ first }),
        fc.tuple(first, fc.nat(4)).map(([from, more]) => ({ first: from, last: from + more })),
        fc.record({ suffix: fc.integer({ min: 1, max: longest + 2 }) }),
      );
      await fc.assert(
        fc.asyncProperty(anyRange, fc.integer({ min: 1, max: longest }), async (range, size) => {
          const whole = pattern(size);
          const expected = bytesIn(range, whole);
          const answered = await read(
            range,
            async (answer) => ({ part: answer.part, bytes: await bytesOf(answer) }),
            keyOf(size),
          );
          expect(answered?.bytes).toEqual(expected);
          const { part } = answered ?? {};
          if (expected.length === 0) expect(part).toBe('none');
          else if (typeof part === 'object') {
            expect(whole.subarray(part.first, part.last + 1)).toEqual(expected);
          } else expect.unreachable('no part was told');
        }),
        { numRuns: 60 },
      );
    });

    it('counts the bytes of the part against a limit, not those of the object', async () => {
      await put(Buffer.from('0123456789'));
      const limited = (range: AskedRange, limit: number) =>
        read(range, async (answer) => Buffer.from(await answer.bytes(limit)).toString());
      expect(await limited({ first: 2, last: 4 }, 3)).toBe('234');
      await expect(limited({ first: 2, last: 4 }, 2)).rejects.toMatchObject({
        code: 'LENGTH_MISMATCH',
      });
      await expect(limited({ suffix: 9 }, 8)).rejects.toMatchObject({ code: 'LENGTH_MISMATCH' });
    });

    it('a large part in order under back-pressure', async () => {
      const whole = pattern(3_000_017);
      await put(whole);
      const [first, last] = [300_001, 2_900_007];
      const chunks: Uint8Array[] = [];
      let busy = false;
      const length = await read({ first, last }, (answer) =>
        answer.pipeTo(async (chunk) => {
          expect(busy).toBe(false);
          busy = true;
          await new Promise((resolve) => setImmediate(resolve));
          chunks.push(chunk);
          busy = false;
        }),
      );
      expect(length).toBe(last - first + 1);
      expect(Buffer.concat(chunks).equals(whole.subarray(first, last + 1))).toBe(true);
      const end = await read({ suffix: 700_001 }, bytesOf);
      expect(end?.equals(whole.subarray(-700_001))).toBe(true);
    });

    it('to the next reader rightly where many before left theirs unread', async () => {
      const whole = pattern(3_000_017);
      await put(whole);
      for (let round = 0; round < MANY; round += 1) {
        const range = [{ first: 1 }, { first: round, last: round + 9 }, { first: 4e6 }][round % 3];
        await bucket.read(KEY, () => Promise.resolve(), signal, { range });
        const next = await read({ first: round, last: round + 2 }, bytesOf);
        expect(next).toEqual(whole.subarray(round, round + 3));
      }
      expect((await read({ first: 1 }, bytesOf))?.equals(whole.subarray(1))).toBe(true);
    });

    it('of one version, also where the object is replaced while it is read', async () => {
      const versions = ['A', 'B'].map((letter, at) => Buffer.alloc(2_000_000 + at, letter));
      const [old = Buffer.alloc(0), fresh = Buffer.alloc(0)] = versions;
      await put(old);
      let replaced: Promise<unknown> | undefined;
      const chunks: Uint8Array[] = [];
      const size = await read({ first: 100_000 }, async (answer) => {
        await answer.pipeTo(async (chunk) => {
          chunks.push(Buffer.from(chunk));
          replaced ??= put(fresh);
          await replaced;
        });
        return answer.object.size;
      });
      expect(size).toBe(old.length);
      expect(Buffer.concat(chunks).equals(old.subarray(100_000))).toBe(true);
      const after = await read({ suffix: 5 }, async (answer) => {
        return `${shown(answer)} ${(await bytesOf(answer)).toString()}`;
      });
      expect(after).toBe('1999996-2000000 BBBBB');
    });

    it('and passes on what the reader or its sink throws', async () => {
      await put(Buffer.from('0123456789'));
      const mine = new Error('mine');
      const fail = (): never => {
        throw mine;
      };
      for (const range of [{ first: 2 }, { first: 10 }]) {
        await expect(read(range, () => Promise.reject(mine))).rejects.toBe(mine);
      }
      await expect(read({ first: 2 }, (answer) => answer.pipeTo(fail))).rejects.toBe(mine);
    });

    it('until its signal aborts', async () => {
      await put(pattern(2_000_000));
      const stop = new AbortController();
      const reason = new Error('stopped');
      const range = { first: 10 };
      const stopped = bucket.read(
        KEY,
        (answer) =>
          answer.pipeTo(() => {
            stop.abort(reason);
          }),
        stop.signal,
        { range },
      );
      await expect(stopped).rejects.toBe(reason);
      const late = bucket.read(KEY, () => Promise.resolve(), stop.signal, { range });
      await expect(late).rejects.toBe(reason);
    });
  });
}
