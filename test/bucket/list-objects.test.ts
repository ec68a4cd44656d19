import { readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Directories } from '../../src/bucket/directories.ts';
import type { FileBucket } from '../../src/bucket/file-bucket.ts';
import { listObjects } from '../../src/bucket/list-objects.ts';
import type { StoredObject } from '../../src/model/bucket.ts';
import { objectKey } from '../../src/model/object-key.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { bucketAt, freshFolder } from './directory-under-test.ts';

const { signal } = new AbortController();

let folder: string;
let root: string;
let destroy: () => Promise<void>;
let bucket: FileBucket;

beforeEach(async () => {
  ({ folder, destroy } = await freshFolder());
  root = join(folder, 'bucket');
  await mkdir(root);
  bucket = await bucketAt(root);
});
afterEach(async () => {
  await destroy();
});

const put = (key: string, text: string) =>
  bucket.putBytes(
    objectKey(key),
    Buffer.from(text),
    { headers: {}, metadata: { text } },
    { ifAbsent: false },
    signal,
  );

/** Lists by a clock of its own: `now` is asked before each spell of looks, and after each look. */
async function listed(now: () => number): Promise<StoredObject[]> {
  const tree = { directories: new Directories(root, fakeClock()), namesFold: () => false };
  const objects: StoredObject[] = [];
  for await (const page of listObjects(tree, { prefix: '' }, signal, { now })) {
    objects.push(...page);
  }
  return objects;
}

/** A clock that stands still, and has `change` happen when it is asked for the nth time. */
function atAsk(nth: number, change: () => void): () => number {
  let asks = 0;
  return () => {
    asks += 1;
    if (asks === nth) change();
    return 0;
  };
}

describe('listing a directory', () => {
  it('tells the same of every object as a single look does, through threads or not', async () => {
    for (const key of ['a', 'a b/ü', 'z/', '//', 'a/under-a-file']) await put(key, `of ${key}`);
    await mkdir(join(root, 'by/hand'), { recursive: true });
    for (let n = 0; n < 30; n += 1) await writeFile(join(root, `by/hand/${n}`), 'x'.repeat(n));
    await symlink(join(root, 'by'), join(root, 'link'));
    let nowMs = 0;
    const quick = await listed(() => 0);
    const slow = await listed(() => (nowMs += 5));
    expect(quick).toHaveLength(35);
    expect(slow).toEqual(quick);
    for (const object of quick) expect(await bucket.head(object.key, signal)).toEqual(object);
  });

  it('leaves out a file that goes after its folder was read', async () => {
    for (const name of ['a', 'b', 'c']) await writeFile(join(root, name), name);
    const gone = atAsk(1, () => {
      rmSync(join(root, 'b'));
    });
    expect((await listed(gone)).map(({ key }) => key)).toEqual(['a', 'c']);
  });

  it('never tells of what a link leads to that took the place of a file', async () => {
    await writeFile(join(folder, 'outside'), 'outside');
    for (const name of ['a', 'b']) await writeFile(join(root, name), name);
    const swapped = atAsk(1, () => {
      rmSync(join(root, 'a'));
      symlinkSync(join(folder, 'outside'), join(root, 'a'));
    });
    expect((await listed(swapped)).map(({ key }) => key)).toEqual(['b']);
  });

  it('never tells of what lies behind a link that took the place of a folder', async () => {
    await mkdir(join(folder, 'outside'));
    await writeFile(join(folder, 'outside/a'), 'outside');
    await mkdir(join(root, 'd'));
    await writeFile(join(root, 'd/a'), 'inside');
    const swapped = atAsk(1, () => {
      renameSync(join(root, 'd'), join(folder, 'moved'));
      symlinkSync(join(folder, 'outside'), join(root, 'd'));
    });
    expect(await listed(swapped)).toEqual([]);
  });

  it('tells of the new version where one is replaced between two looks', async () => {
    await put('a', 'first');
    await writeFile(join(folder, 'by hand'), 'replaced');
    // Between the look at the file and the one at its description.
    const replaced = atAsk(4, () => {
      renameSync(join(folder, 'by hand'), join(root, 'a'));
      // The folder of its description stays, as it does when a store replaces a version.
      const meta = join(root, '.bucketfill-bucket/meta');
      for (const name of readdirSync(meta)) {
        for (const file of readdirSync(join(meta, name))) rmSync(join(meta, name, file));
      }
    });
    const [object] = await listed(replaced);
    expect(object).toMatchObject({ size: 8, metadata: {} });
    expect(object).toEqual(await bucket.head(objectKey('a'), signal));
  });
});
