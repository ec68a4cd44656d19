import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Bucket } from '../../src/model/bucket.ts';
import { objectKey } from '../../src/model/object-key.ts';
import type { ObjectRemover } from '../../src/model/object-remover.ts';
import { ODD_KEYS } from './odd-keys.ts';

/** A bucket under test that objects can be removed from, empty, and how to be rid of it. */
export interface RemoverUnderTest {
  readonly bucket: Bucket & ObjectRemover;
  readonly destroy: () => Promise<void>;
}

/**
 * What every ObjectRemover keeps.
 * @param holds tells the keys that what is behind the adapter accepts; absent: all.
 */
export function objectRemoverContract(
  name: string,
  make: () => Promise<RemoverUnderTest>,
  holds: (key: string) => boolean = () => true,
): void {
  describe(`${name} keeps the contract of ObjectRemover`, () => {
    const { signal } = new AbortController();
    let bucket: Bucket & ObjectRemover;
    let destroy: () => Promise<void>;

    beforeEach(async () => {
      ({ bucket, destroy } = await make());
    });
    afterEach(async () => {
      await destroy();
    });

    const put = (key: string, text: string) =>
      bucket.putBytes(
        objectKey(key),
        Buffer.from(text),
        { headers: { 'content-type': 'x/y' }, metadata: { v: text } },
        { ifAbsent: false },
        signal,
      );
    const remove = (key: string, stop = signal) => bucket.remove(objectKey(key), stop);
    const head = (key: string) => bucket.head(objectKey(key), signal);
    async function listKeys(): Promise<string[]> {
      const keys: string[] = [];
      for await (const page of bucket.list({ prefix: '' }, signal))
        keys.push(...page.map(({ key }) => key));
      return keys;
    }

    it('removes an object, and no other', async () => {
      for (const key of ['a', 'a/b', 'a/b/c', 'ab']) await put(key, key);
      await remove('a/b');
      expect(await head('a/b')).toBeUndefined();
      expect(await listKeys()).toEqual(['a', 'a/b/c', 'ab']);
    });

    it('does not mind that there is none', async () => {
      await remove('a/b');
      await put('a', '1');
      await remove('a/b');
      await remove('a');
      await remove('a');
      expect(await listKeys()).toEqual([]);
    });

    it('removes every key that there may be, and those only', async () => {
      const keys = ODD_KEYS.filter(holds);
      for (const key of keys) await put(key, 'x');
      const before = await listKeys();
      for (const [index, key] of keys.entries()) {
        await remove(key);
        expect(await head(key), JSON.stringify(key)).toBeUndefined();
        expect(await listKeys()).toHaveLength(before.length - index - 1);
      }
    });

    it('leaves a key that can be stored again, without what was beside the old object', async () => {
      await put('a/b', 'old');
      await remove('a/b');
      const nothing = { headers: {}, metadata: {} };
      const stored = await bucket.putBytes(
        objectKey('a/b'),
        Buffer.from('new'),
        nothing,
        { ifAbsent: true },
        signal,
      );
      expect(stored).toMatchObject({ outcome: 'stored' });
      expect(await head('a/b')).toMatchObject({ size: 3, metadata: {} });
    });

    it('removes many at once, while others are stored right beside them', async () => {
      const numbers = Array.from({ length: 24 }, (_, index) => index);
      for (const number of numbers) await put(`x/y/old-${number}`, 'old');
      await Promise.all(
        numbers.flatMap((number) => [
          remove(`x/y/old-${number}`),
          put(`x/${number % 2 === 0 ? 'y/' : ''}new-${number}`, 'new'),
        ]),
      );
      const keys = await listKeys();
      expect(keys).toHaveLength(numbers.length);
      expect(keys.every((key) => key.includes('new-'))).toBe(true);
    });

    it('removes nothing once its signal has aborted', async () => {
      await put('a', '1');
      const stop = AbortSignal.abort(new Error('stopped by the test'));
      await expect(remove('a', stop)).rejects.toThrow('stopped by the test');
      expect(await listKeys()).toEqual(['a']);
    });
  });
}
