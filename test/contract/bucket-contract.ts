import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Bucket, ObjectMetadata, ListedObject } from '../../src/model/bucket.ts';
import { keyProblem, objectKey } from '../../src/model/object-key.ts';
import { bucketPartsContract } from './bucket-parts-contract.ts';
import { ODD_KEYS } from './odd-keys.ts';

/** A bucket under test, empty, and how to be rid of it. */
export interface BucketUnderTest {
  readonly bucket: Bucket;
  readonly destroy: () => Promise<void>;
}

const NOTHING_BESIDE: ObjectMetadata = { headers: {}, metadata: {} };
const ALWAYS = { ifAbsent: false };
const IF_ABSENT = { ifAbsent: true };

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const md5Etag = (bytes: Uint8Array): string => `"${createHash('md5').update(bytes).digest('hex')}"`;

/** A key as a header can say it: no header carries control characters. */
const sayable = (key: string): string => key.replaceAll(/\p{Cc}/gu, '_');

/** Bytes that differ at every offset, so that a lost or doubled chunk shows. */
function pattern(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += 1) bytes[at] = (at * 31 + (at >> 8) * 17 + (at >> 16)) & 0xff;
  return bytes;
}

/**
 * What every Bucket adapter keeps.
 * @param holds tells the keys that what is behind the adapter accepts; absent: all.
 */
export function bucketContract(
  name: string,
  make: () => Promise<BucketUnderTest>,
  holds: (key: string) => boolean = () => true,
): void {
  bucketPartsContract(name, make);

  describe(`${name} keeps the contract of Bucket`, () => {
    const oddKeys = ODD_KEYS.filter(holds);
    let bucket: Bucket;
    let destroy: () => Promise<void>;
    const { signal } = new AbortController();

    beforeEach(async () => {
      ({ bucket, destroy } = await make());
    });
    afterEach(async () => {
      await destroy();
    });

    const put = (key: string, bytes: Uint8Array, metadata = NOTHING_BESIDE, options = ALWAYS) =>
      bucket.putBytes(objectKey(key), bytes, metadata, options, signal);
    const head = (key: string) => bucket.head(objectKey(key), signal);
    const get = (key: string, from = bucket) =>
      from.read(objectKey(key), async (answer) => Buffer.from(await answer.bytes(2 ** 30)), signal);
    const getText = async (key: string) => (await get(key))?.toString('utf8');
    const open = (key: string, options = ALWAYS, stop = signal) =>
      bucket.openUpload(objectKey(key), NOTHING_BESIDE, options, stop);

    async function list(prefix = '', after?: string): Promise<ListedObject[]> {
      const objects: ListedObject[] = [];
      for await (const page of bucket.list({ prefix, after }, signal)) objects.push(...page);
      return objects;
    }
    const listKeys = async (prefix = '', after?: string) =>
      (await list(prefix, after)).map((object) => object.key);

    it('has nothing at first', async () => {
      expect(await head('a')).toBeUndefined();
      expect(await get('a')).toBeUndefined();
      expect(await list()).toEqual([]);
    });

    it('gives back bytes, size, ETag, headers and metadata as they were stored', async () => {
      const beside = {
        headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'max-age=1' },
        metadata: { 'src-etag': '"x"', name: 'Größe 漢字', empty: '' },
      };
      const bytes = text('hello');
      expect(await put('a/b.txt', bytes, beside)).toEqual({
        outcome: 'stored',
        etag: md5Etag(bytes),
      });
      const object = await head('a/b.txt');
      expect(object).toMatchObject({ key: 'a/b.txt', size: 5, etag: md5Etag(bytes), ...beside });
      expect(object?.lastModifiedMs).toBeGreaterThan(0);
      const read = await bucket.read(
        objectKey('a/b.txt'),
        async (answer) => ({ object: answer.object, bytes: await answer.bytes(5) }),
        signal,
      );
      expect(read?.object).toEqual(object);
      expect(Buffer.from(read?.bytes ?? [])).toEqual(Buffer.from(bytes));
      const [listed] = await list();
      expect(listed).toMatchObject({ key: 'a/b.txt', size: 5, etag: md5Etag(bytes) });
      // HEAD may tell the time by the second only.
      const apartMs = (listed?.lastModifiedMs ?? 0) - (object?.lastModifiedMs ?? 0);
      expect(Math.abs(apartMs)).toBeLessThan(1_000);
    });

    it('stores an object of no bytes, in one go and as an upload', async () => {
      await put('empty', new Uint8Array(0));
      const upload = await open('empty-upload');
      await upload.commit();
      for (const key of ['empty', 'empty-upload']) {
        expect(await head(key)).toMatchObject({ size: 0, etag: md5Etag(new Uint8Array(0)) });
        expect(await get(key)).toEqual(Buffer.alloc(0));
      }
    });

    it('stores a large upload of odd chunks and reads it in order under back-pressure', async () => {
      const whole = pattern(3_000_017);
      const upload = await open('large.bin');
      for (let at = 0, size = 1; at < whole.length; at += size, size = (size * 7 + 1) % 100_003) {
        await upload.write(whole.subarray(at, at + size));
      }
      expect(await upload.commit()).toEqual({ outcome: 'stored', etag: md5Etag(whole) });
      const chunks: Uint8Array[] = [];
      let busy = false;
      const length = await bucket.read(
        objectKey('large.bin'),
        (answer) =>
          answer.pipeTo(async (chunk) => {
            expect(busy).toBe(false);
            busy = true;
            await new Promise((resolve) => setImmediate(resolve));
            chunks.push(chunk);
            busy = false;
          }),
        signal,
      );
      expect(length).toBe(whole.length);
      expect(Buffer.concat(chunks).equals(whole)).toBe(true);
    });

    it('refuses to give more bytes at once than the limit', async () => {
      await put('a', text('12345'));
      const tooMuch = bucket.read(objectKey('a'), (answer) => answer.bytes(4), signal);
      await expect(tooMuch).rejects.toMatchObject({ code: 'LENGTH_MISMATCH' });
    });

    it('hands on what the reader or its sink throws as it is', async () => {
      await put('a', text('12345'));
      const mine = Object.assign(new Error('mine'), { code: 'ENOSPC' });
      const fail = (): never => {
        throw mine;
      };
      await expect(bucket.read(objectKey('a'), () => Promise.reject(mine), signal)).rejects.toBe(
        mine,
      );
      const piped = bucket.read(objectKey('a'), (answer) => answer.pipeTo(fail), signal);
      await expect(piped).rejects.toBe(mine);
    });

    it('shows nothing of an upload before it is committed', async () => {
      const upload = await open('a/b');
      await upload.write(text('half'));
      expect(await head('a/b')).toBeUndefined();
      expect(await list()).toEqual([]);
      await upload.write(text('whole'));
      await upload.commit();
      expect(await getText('a/b')).toBe('halfwhole');
    });

    it('keeps nothing of an upload that is aborted, and refuses to go on with it', async () => {
      const upload = await open('a');
      await upload.write(text('x'));
      await upload.abort();
      await upload.abort();
      expect(await head('a')).toBeUndefined();
      await expect(upload.commit()).rejects.toThrow();
      expect(await list()).toEqual([]);
    });

    it('ends an upload with the reason of its signal', async () => {
      const stop = new AbortController();
      const upload = await open('a', ALWAYS, stop.signal);
      await upload.write(text('x'));
      const reason = new Error('stopped');
      stop.abort(reason);
      await expect(Promise.resolve(upload.write(text('y')))).rejects.toBe(reason);
      await expect(upload.commit()).rejects.toBe(reason);
      await upload.abort();
      expect(await head('a')).toBeUndefined();
      await expect(open('b', ALWAYS, stop.signal)).rejects.toBe(reason);
      await expect(bucket.head(objectKey('a'), stop.signal)).rejects.toBe(reason);
    });

    it('lets one of 20 concurrent conditional writers win and tells the others', async () => {
      for (const key of ['race', 'deep/er/race', 'odd//race']) {
        const results = await Promise.all(
          Array.from({ length: 20 }, (_, index) =>
            put(
              key,
              text(`writer ${index}`),
              { headers: {}, metadata: { writer: String(index) } },
              IF_ABSENT,
            ),
          ),
        );
        const winners = results.flatMap((result, index) =>
          result.outcome === 'stored' ? [index] : [],
        );
        expect(winners).toHaveLength(1);
        expect(await getText(key)).toBe(`writer ${String(winners[0])}`);
        expect((await head(key))?.metadata).toEqual({ writer: String(winners[0]) });
      }
    });

    it('leaves the object that is there to a conditional upload that comes second', async () => {
      const upload = await open('a', IF_ABSENT);
      await upload.write(text('late'));
      await put('a', text('early'));
      expect(await upload.commit()).toEqual({ outcome: 'exists' });
      expect(await getText('a')).toBe('early');
    });

    it('replaces an object with its metadata', async () => {
      await put('a', text('old'), {
        headers: { 'content-type': 'old/type' },
        metadata: { v: '1' },
      });
      await put('a', text('newer'), { headers: {}, metadata: { v: '2' } });
      expect(await getText('a')).toBe('newer');
      expect(await head('a')).toMatchObject({ size: 5, headers: {}, metadata: { v: '2' } });
      expect(await listKeys()).toEqual(['a']);
    });

    it('leaves the old object to an overwrite that fails or is aborted', async () => {
      await put('a', text('old'));
      const upload = await open('a');
      await upload.write(text('new'));
      await upload.abort();
      const stop = new AbortController();
      const other = await open('a', ALWAYS, stop.signal);
      await other.write(text('new'));
      stop.abort(new Error('stopped'));
      await expect(other.commit()).rejects.toThrow('stopped');
      expect(await getText('a')).toBe('old');
    });

    it('gives every concurrent reader one version from end to end', async () => {
      const versions = ['A', 'B'].map((letter, index) => ({
        bytes: Buffer.alloc(400_000 + index, letter),
        beside: { headers: {}, metadata: { letter } },
      }));
      for (const { bytes, beside } of versions) await put('hot', bytes, beside);
      let writing = true;
      const write = async (): Promise<void> => {
        for (let round = 0; round < 15; round += 1) {
          for (const { bytes, beside } of versions) await put('hot', bytes, beside);
        }
        writing = false;
      };
      const readAll = async (): Promise<void> => {
        while (writing) {
          await bucket.read(
            objectKey('hot'),
            async (answer) => {
              const body = Buffer.from(await answer.bytes(2 ** 20));
              expect(md5Etag(body)).toBe(answer.object.etag);
              expect(body.length).toBe(answer.object.size);
              expect(answer.object.metadata['letter']).toBe(String.fromCharCode(body[0] ?? 0));
            },
            signal,
          );
          expect((await head('hot'))?.metadata['letter']).toMatch(/^[AB]$/);
        }
      };
      await Promise.all([write(), readAll(), readAll()]);
    });

    it('holds odd keys, each with its own bytes, and lists them by their bytes', async () => {
      const saying = (key: string) => ({ headers: {}, metadata: { key: sayable(key) } });
      for (const key of oddKeys) await put(key, text(key), saying(key), IF_ABSENT);
      for (const key of oddKeys) {
        expect(await getText(key), JSON.stringify(key)).toBe(key);
        const { metadata } = saying(key);
        expect((await head(key))?.metadata, JSON.stringify(key)).toEqual(metadata);
      }
      const expected = [...new Set(oddKeys)].sort((a, b) =>
        Buffer.compare(Buffer.from(a), Buffer.from(b)),
      );
      expect(await listKeys()).toEqual(expected);
      for (const prefix of [
        'a',
        'a/',
        '.',
        '/',
        'caf',
        '\u00e9',
        'd/d',
        'kkkk',
        '.bucketfill',
        'no',
      ]) {
        const some = expected.filter((key) => key.startsWith(prefix));
        expect(await listKeys(prefix), JSON.stringify(prefix)).toEqual(some);
      }
    });

    it('holds them in any order of coming', async () => {
      for (const key of [...oddKeys].reverse()) await put(key, text(key));
      for (const key of oddKeys) expect(await getText(key), JSON.stringify(key)).toBe(key);
      expect(await listKeys()).toHaveLength(new Set(oddKeys).size);
    });

    it('lists in pages, whole and in order', async () => {
      const keys = Array.from(
        { length: 1_203 },
        (_, index) => `p/${String(index).padStart(5, '0')}`,
      );
      for (let at = 0; at < keys.length; at += 50) {
        await Promise.all(keys.slice(at, at + 50).map((key) => put(key, text('x'))));
      }
      await put('o', text('x'));
      let pages = 0;
      const found: string[] = [];
      for await (const page of bucket.list({ prefix: 'p/' }, signal)) {
        pages += 1;
        found.push(...page.map((object) => object.key));
      }
      expect(pages).toBeGreaterThan(1);
      expect(found).toEqual(keys);
    });

    it('lists what comes behind a key, whether or not that key is there', async () => {
      for (const key of oddKeys) await put(key, text(key));
      const all = await listKeys();
      for (const after of [...all, 'a/', 'b/zzz', 'kkk', '\u00e8']) {
        const behind = all.filter(
          (key) => Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0,
        );
        expect(await listKeys('', after), JSON.stringify(after)).toEqual(behind);
        const some = behind.filter((key) => key.startsWith('a'));
        expect(await listKeys('a', after), JSON.stringify(after)).toEqual(some);
      }
    });

    it('gives back under any key what was stored under it, and nothing under another', async () => {
      const piece = fc.constantFrom(
        'a',
        'b',
        '/',
        '.',
        '..',
        '%',
        '\u0000',
        '\u00e9',
        '\u{1f600}',
        'A',
      );
      const anyKey = fc
        .oneof(
          fc.array(piece, { minLength: 1, maxLength: 8 }).map((all) => all.join('')),
          fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
        )
        .filter((key) => keyProblem(key) === undefined && holds(key));
      const stored = new Map<string, string>();
      await fc.assert(
        fc.asyncProperty(anyKey, fc.nat(), async (key, number) => {
          expect(await getText(key)).toBe(stored.get(key));
          const value = `${String(number)} ${key}`;
          await put(key, text(value));
          stored.set(key, value);
          for (const [other, bytes] of [...stored].slice(-5))
            expect(await getText(other)).toBe(bytes);
        }),
        { numRuns: 60 },
      );
      for (const [key, value] of stored) expect(await getText(key)).toBe(value);
      const expected = [...stored.keys()].sort((a, b) =>
        Buffer.compare(Buffer.from(a), Buffer.from(b)),
      );
      expect(await listKeys()).toEqual(expected);
    });
  });
}
