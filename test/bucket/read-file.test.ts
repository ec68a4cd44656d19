import { type AskedRange, partLength, partOf } from '../../src/model/byte-range.ts';
import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { Directories } from '../../src/bucket/directories.ts';
import { findObjectFile } from '../../src/bucket/file-tree.ts';
import { objectInFile } from '../../src/bucket/read-file.ts';
import { objectKey } from '../../src/model/object-key.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { bucketAt, freshFolder } from './directory-under-test.ts';

describe('looking at an object that is replaced meanwhile', () => {
  it('finds the new version, never the old one without its metadata', async () => {
    const { folder, destroy } = await freshFolder();
    const bucket = await bucketAt(join(folder, 'b'));
    const { signal } = new AbortController();
    const key = objectKey('a');
    const put = (text: string) => {
      const beside = { headers: {}, metadata: { text } };
      return bucket.putBytes(key, Buffer.from(text), beside, { ifAbsent: false }, signal);
    };
    await put('one');
    const directories = new Directories(join(folder, 'b'), fakeClock());
    const tree = { directories, namesFold: () => false };
    const seen = await findObjectFile(tree, key);
    expect(seen).toBeDefined();
    if (seen === undefined) return;
    await put('second');
    expect(await objectInFile(tree, key, seen)).toMatchObject({
      size: 6,
      metadata: { text: 'second' },
    });
    await destroy();
    expect(await objectInFile(tree, key, seen)).toBeUndefined();
  });
});

describe('a part of an object in a directory', () => {
  const { signal } = new AbortController();
  const key = objectKey('a');

  it('is told cut where the file is cut while it is read', async () => {
    const { folder, destroy } = await freshFolder();
    const bucket = await bucketAt(join(folder, 'b'));
    const beside = { headers: {}, metadata: {} };
    await bucket.putBytes(key, Buffer.alloc(900_000), beside, { ifAbsent: false }, signal);
    let taken = 0;
    const cut = bucket.read(
      key,
      (answer) =>
        answer.pipeTo(async (chunk) => {
          taken += chunk.length;
          await truncate(join(folder, 'b/a'), 500_000);
        }),
      signal,
      { range: { first: 100_000, last: 799_999 } },
    );
    await expect(cut).rejects.toMatchObject({
      code: 'LENGTH_MISMATCH',
      message: expect.stringContaining('ended after 500000 of 900000 bytes') as string,
    });
    expect(taken).toBe(400_000);
    await destroy();
  });
});

describe('the part that a range is of an object', () => {
  it.each<readonly [AskedRange | undefined, number, ReturnType<typeof partOf>, number]>([
    [undefined, 10, undefined, 10],
    [undefined, 0, undefined, 0],
    [{ first: 0 }, 10, { first: 0, last: 9 }, 10],
    [{ first: 9 }, 10, { first: 9, last: 9 }, 1],
    [{ first: 2, last: 4 }, 10, { first: 2, last: 4 }, 3],
    [{ first: 2, last: 10 }, 10, { first: 2, last: 9 }, 8],
    [{ first: 10 }, 10, 'none', 0],
    [{ first: 4, last: 2 }, 10, 'none', 0],
    [{ suffix: 0 }, 10, 'none', 0],
    [{ suffix: 1 }, 10, { first: 9, last: 9 }, 1],
    [{ suffix: 11 }, 10, { first: 0, last: 9 }, 10],
    [{ first: 0 }, 0, 'none', 0],
    [{ suffix: 1 }, 0, 'none', 0],
  ])('%j of %i bytes', (range, size, part, length) => {
    expect(partOf(range, size)).toEqual(part);
    expect(partLength(part, size)).toBe(length);
  });
});
