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
