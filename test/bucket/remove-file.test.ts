import { lstat, mkdir, readFile, readdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Directories } from '../../src/bucket/directories.ts';
import { DirectorySync } from '../../src/bucket/directory-sync.ts';
import type { FileBucket } from '../../src/bucket/file-bucket.ts';
import { HeldFolders } from '../../src/bucket/held-folders.ts';
import { encodedPath } from '../../src/bucket/key-path.ts';
import { removeFile } from '../../src/bucket/remove-file.ts';
import { objectKey } from '../../src/model/object-key.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { bucketAt, filesBelow, freshFolder } from './directory-under-test.ts';

const { signal } = new AbortController();

let folder: string;
let root: string;
let destroy: () => Promise<void>;
let bucket: FileBucket;

beforeEach(async () => {
  ({ folder, destroy } = await freshFolder());
  root = join(folder, 'bucket');
  bucket = await bucketAt(root);
});
afterEach(async () => {
  await destroy();
});

const put = (key: string, text: string) =>
  bucket.putBytes(
    objectKey(key),
    Buffer.from(text),
    { headers: {}, metadata: {} },
    { ifAbsent: false },
    signal,
  );
const head = (key: string) => bucket.head(objectKey(key), signal);
const remove = (key: string) => bucket.remove(objectKey(key), signal);
const names = async (below = ''): Promise<string[]> =>
  (await readdir(join(root, below))).filter((name) => name !== '.bucketfill-bucket').sort();
const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

describe('removing an object from a directory', () => {
  it('leaves neither its description nor a folder that is empty now', async () => {
    await put('a/b/c/one', '1');
    await put('a/two', '2');
    await remove('a/b/c/one');
    expect(await names('a')).toEqual(['two']);
    expect(await filesBelow(join(root, '.bucketfill-bucket/meta'))).toHaveLength(1);
    await remove('a/two');
    expect(await names()).toEqual([]);
    expect(await isThere(root)).toBe(true);
  });

  it('leaves the folders of encoded keys to themselves but for what it emptied', async () => {
    const long = `${'x'.repeat(300)}/y`;
    await put(long, '1');
    await remove(long);
    expect(await names('.bucketfill-bucket/keys')).toEqual([]);
    await put('a//b', '2');
    expect(await head('a//b')).toMatchObject({ size: 1 });
  });

  it('never brings an older version to light that stands in the second place', async () => {
    await put('a/b', 'new');
    const second = join(root, encodedPath('a/b'));
    await writeFile(second, 'old');
    await remove('a/b');
    expect(await head('a/b')).toBeUndefined();
    expect(await isThere(second)).toBe(false);
  });

  it('takes the second place first, so that a crash in between shows nothing old', async () => {
    await put('a/b', 'new');
    await writeFile(join(root, encodedPath('a/b')), 'old');
    const seen: string[] = [];
    const sync = new DirectorySync(async (path) => {
      const first = await isThere(join(root, 'a/b'));
      const second = await isThere(join(root, encodedPath('a/b')));
      seen.push(`${relative(root, path)} ${String(first)} ${String(second)}`);
    });
    const directories = new Directories(root, fakeClock(), sync);
    await removeFile({ directories, namesFold: () => false }, objectKey('a/b'));
    expect(seen).toEqual(['.bucketfill-bucket/keys true false', 'a false false']);
  });

  it('leaves folders, links and what lies behind links alone', async () => {
    const elsewhere = join(folder, 'elsewhere');
    await mkdir(elsewhere);
    await writeFile(join(elsewhere, 'kept'), 'x');
    await put('real', '1');
    await symlink(elsewhere, join(root, 'link'));
    await symlink(join(elsewhere, 'kept'), join(root, 'file-link'));
    await mkdir(join(root, 'folder'));
    for (const key of ['link', 'link/kept', 'file-link', 'folder']) await remove(key);
    expect(await names()).toEqual(['file-link', 'folder', 'link', 'real']);
    expect(await readFile(join(elsewhere, 'kept'), 'utf8')).toBe('x');
  });

  it('removes what somebody put there by hand, and keeps a file beside it', async () => {
    await put('own', '1');
    await mkdir(join(root, 'by'));
    await writeFile(join(root, 'by/hand'), 'x');
    await writeFile(join(root, 'by/other'), 'y');
    await remove('by/hand');
    expect(await names('by')).toEqual(['other']);
  });

  it('writes nothing where there is no bucket yet', async () => {
    await remove('a/b');
    expect(await isThere(root)).toBe(false);
  });

  it('syncs the folder above where another remover took the emptied one away', async () => {
    await put('a/b/c', '1');
    const synced: string[] = [];
    const sync = new DirectorySync(async (path) => {
      const below = relative(root, path);
      if (below === 'a/b') await rename(path, join(folder, 'gone'));
      synced.push(below);
      await lstat(path);
    });
    const directories = new Directories(root, fakeClock(), sync);
    await removeFile({ directories, namesFold: () => false }, objectKey('a/b/c'));
    expect(synced).toEqual(['a/b', 'a']);
  });

  it('makes a folder durable again that was removed since', async () => {
    const synced: string[] = [];
    const sync = new DirectorySync((path) => {
      synced.push(relative(root, path));
      return Promise.resolve();
    });
    await mkdir(root, { recursive: true });
    const directories = new Directories(root, fakeClock(), sync);
    await directories.ensure('a/b');
    await directories.removeEmpty('a/b', '');
    synced.length = 0;
    expect(await directories.ensure('a/b')).toBe('real');
    expect(synced).toEqual(['', 'a']);
  });
});

describe('folders that names are put into', () => {
  it('are not removed, nor is any that they lie in, until that is done', async () => {
    await mkdir(join(root, 'a/b'), { recursive: true });
    const directories = new Directories(root, fakeClock());
    await directories.holding('a/b', async () => {
      await directories.removeEmpty('a/b', '');
      await directories.removeEmpty('a', '');
      expect(await isThere(join(root, 'a/b'))).toBe(true);
    });
    await directories.removeEmpty('a/b', '');
    expect(await names()).toEqual([]);
  });

  it('are held only once the removal that is under way is over', async () => {
    const folders = new HeldFolders();
    const steps: string[] = [];
    let finish: (() => void) | undefined;
    const removal = folders.removing('a', async () => {
      await new Promise<void>((resolve) => (finish = resolve));
      steps.push('removed');
      return true;
    });
    await Promise.resolve();
    const held = folders.holding('a/b', () => {
      steps.push('held');
      return folders.removing('a', () => Promise.resolve(true));
    });
    await Promise.resolve();
    finish?.();
    expect(await removal).toBe(true);
    expect(await held).toBe(false);
    expect(steps).toEqual(['removed', 'held']);
    expect(await folders.removing('a', () => Promise.resolve(true))).toBe(true);
  });
});
