import { partOf } from '../../src/model/byte-range.ts';
import { describe, expect, it } from 'vitest';
import { countBucketRequests } from '../../src/guard/count-requests.ts';
import { dryRunBucket } from '../../src/guard/dry-run-bucket.ts';
import { watchBucket } from '../../src/guard/watch-bucket.ts';
import type { Bucket, ReadOptions, StoredObject } from '../../src/model/bucket.ts';
import { objectKey } from '../../src/model/object-key.ts';
import { never } from './scripted-origin.ts';

const key = objectKey('a/b');
const plain = { headers: {}, metadata: {} };
const options = { ifAbsent: true };
const object: StoredObject = { ...plain, key, size: 2, etag: '"e"', lastModifiedMs: 0 };
const bytes = Uint8Array.of(1, 2);

/** A bucket of one object that notes what it is asked to write. */
function bucketOfOne(written: string[]): Bucket {
  return {
    name: 'file:./b',
    head: async () => Promise.resolve(object),
    read: async (_key, reader, _signal, asked) =>
      reader({
        object,
        part: partOf(asked?.range, object.size),
        bytes: async () => Promise.resolve(bytes),
        pipeTo: async () => Promise.resolve(2),
      }),
    async *list() {
      yield [object];
      await Promise.resolve();
      yield [object];
    },
    putBytes: async (name) => {
      written.push(name);
      return Promise.resolve({ outcome: 'stored', etag: '"e"' } as const);
    },
    openUpload: async (name) =>
      Promise.resolve({
        write: (chunk) => void written.push(`${name}+${chunk.length}`),
        commit: async () => Promise.resolve({ outcome: 'exists' } as const),
        abort: async () => Promise.resolve('gone'),
      }),
    abandonUpload: async (name) => {
      written.push(`${name} abandoned`);
      return Promise.resolve();
    },
  };
}

async function pagesOf(bucket: Bucket): Promise<number> {
  let pages = 0;
  for await (const page of bucket.list({ prefix: '' }, never())) pages += page.length;
  return pages;
}

describe('every wrapper of a bucket', () => {
  it.each<readonly [string, (bucket: Bucket) => Bucket]>([
    ['counts', (bucket) => countBucketRequests(bucket).bucket],
    ['watches', (bucket) => watchBucket(bucket, () => Promise.resolve())],
    ['keeps from writing', (bucket) => dryRunBucket(bucket)],
  ])('that %s asks for the range that it is asked for', async (_what, wrap) => {
    const bucket = wrap(bucketOfOne([]));
    const part = (given?: ReadOptions) =>
      bucket.read(key, (answer) => Promise.resolve(answer.part), never(), given);
    expect(await part({ range: { suffix: 1 } })).toEqual({ first: 1, last: 1 });
    expect(await part()).toBeUndefined();
  });
});

describe('a counted bucket', () => {
  it('passes everything on and counts what reaches the bucket', async () => {
    const written: string[] = [];
    const { bucket, count } = countBucketRequests(bucketOfOne(written));
    expect(await bucket.head(key, never())).toBe(object);
    expect(await bucket.read(key, async (answer) => answer.bytes(9), never())).toBe(bytes);
    expect(await bucket.putBytes(key, bytes, plain, options, never())).toMatchObject({
      etag: '"e"',
    });
    expect(count()).toBe(3);
    expect(await pagesOf(bucket)).toBe(2);
    expect(count()).toBe(5);
    const upload = await bucket.openUpload(key, plain, options, never());
    await upload.write(bytes);
    expect(await upload.commit()).toEqual({ outcome: 'exists' });
    await upload.abort();
    expect(count()).toBe(8);
    expect(written).toEqual(['a/b', 'a/b+2']);
  });
});

describe('a dry run', () => {
  it('reads as ever', async () => {
    const bucket = dryRunBucket(bucketOfOne([]));
    expect(bucket.name).toBe('file:./b');
    expect(await bucket.head(key, never())).toBe(object);
    expect(await bucket.read(key, async (answer) => answer.bytes(9), never())).toBe(bytes);
    expect(await pagesOf(bucket)).toBe(2);
  });

  it('never writes', async () => {
    const written: string[] = [];
    const bucket = dryRunBucket(bucketOfOne(written));
    const told = {
      code: 'INTERNAL',
      message: expect.stringContaining('a dry run tried to write') as string,
    };
    await expect(bucket.putBytes(key, bytes, plain, options, never())).rejects.toMatchObject(told);
    await expect(bucket.openUpload(key, plain, options, never())).rejects.toMatchObject(told);
    expect(written).toEqual([]);
  });
});
