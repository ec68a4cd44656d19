import { lstat, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Directories } from '../../src/bucket/directories.ts';
import { DirectorySync } from '../../src/bucket/directory-sync.ts';
import { placeFile } from '../../src/bucket/place-file.ts';
import { objectKey } from '../../src/model/object-key.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { freshFolder } from './directory-under-test.ts';

let root: string;
let destroy: () => Promise<void>;
let directories: Directories;
/** Folders synced so far, `.` for the root, with what was in place at that moment. */
let synced: string[];
let watched: string;

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

beforeEach(async () => {
  ({ folder: root, destroy } = await freshFolder());
  synced = [];
  watched = 'nothing';
  const sync = new DirectorySync(async (path) => {
    const seen = (await isThere(join(root, watched))) ? ` after ${watched}` : '';
    synced.push(`${relative(root, path) || '.'}${seen}`);
  });
  directories = new Directories(root, fakeClock(), sync);
});
afterEach(async () => {
  await destroy();
});

describe('the folders of a directory bucket', () => {
  it('are durable with every folder on their way before anything is put in them', async () => {
    watched = 'a';
    expect(await directories.ensure('a/b')).toBe('real');
    expect(synced).toEqual(['. after a', 'a after a']);
    expect(await directories.ensure('a/b')).toBe('real');
    expect(synced).toHaveLength(2);
  });

  it('are synced too where another process made them and may have died before it could', async () => {
    await mkdir(join(root, 'a'));
    await directories.ensure('a');
    expect(synced).toEqual(['.']);
  });

  it('are made once for many who ask at the same time', async () => {
    const states = await Promise.all(Array.from({ length: 9 }, () => directories.ensure('a/b/c')));
    expect(new Set(states)).toEqual(new Set(['real']));
    expect(synced).toEqual(['.', 'a', 'a/b']);
  });

  it('are blocked by files and links, on the way too', async () => {
    await writeFile(join(root, 'file'), '');
    await symlink('/', join(root, 'link'));
    for (const path of ['file', 'file/a', 'link', 'link/tmp', 'x'.repeat(300)]) {
      expect(await directories.ensure(path), path).toBe('blocked');
      expect(await directories.state(path), path).not.toBe('real');
    }
  });

  it('are looked at again when they are forgotten', async () => {
    await directories.ensure('a');
    await rm(join(root, 'a'), { recursive: true });
    directories.forget();
    expect(await directories.state('a')).toBe('absent');
  });
});

describe('putting a file in place', () => {
  it.each([true, false])(
    'syncs its folder after the name is there, conditional: %s',
    async (ifAbsent) => {
      await writeFile(join(root, 'temp'), 'x');
      await directories.ensure('a');
      synced = [];
      watched = 'a/b';
      const tree = { directories, namesFold: () => false };
      const placed: string[] = [];
      await placeFile(tree, objectKey('a/b'), 'temp', ifAbsent, () => placed.push('placed'));
      expect(synced).toEqual(['a after a/b']);
      expect(placed).toEqual(['placed']);
    },
  );
});
