import { link, rename } from 'node:fs/promises';
import { dirname } from 'node:path/posix';

import { Failure } from '../model/failure.ts';
import type { ObjectKey } from '../model/object-key.ts';
import { descriptionPath, keyHash, removeDescription } from './file-description.ts';
import { errnoOf, isBadName } from './file-failure.ts';
import { findObjectFile, objectFileAt, placesOf, statAt } from './file-tree.ts';
import type { FileTree, ObjectFile } from './file-tree.ts';
import { unlinkVersion } from './remove-file.ts';

/** How often a place is tried again that changed while it was looked at. */
const MAX_LOOKS = 5;

/** Linux' limit of a path, its end mark included. */
const MAX_PATH_BYTES = 4096;

type Attempt = 'stored' | 'exists' | 'blocked' | 'changed';

/** A folder, or a link, in the way of a rename. */
const IN_THE_WAY = ['EISDIR', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST'];

function attemptAfter(error: unknown): Attempt {
  if (isBadName(error)) return 'blocked';
  if (IN_THE_WAY.includes(errnoOf(error))) return 'changed';
  throw error;
}

const folderOf = (path: string): string => (path.includes('/') ? dirname(path) : '');

async function linkTo(tree: FileTree, temp: string, path: string): Promise<Attempt> {
  const { directories } = tree;
  try {
    await link(directories.absolute(temp), directories.absolute(path));
    return 'stored';
  } catch (error) {
    const attempt = attemptAfter(error);
    if (attempt !== 'changed') return attempt;
    const stats = await statAt(tree, path);
    if (stats === undefined) return 'changed';
    return stats.isFile() ? 'exists' : 'blocked';
  }
}

async function renameTo(tree: FileTree, temp: string, path: string): Promise<Attempt> {
  const { directories } = tree;
  // rename would replace a link or a socket silently; those are not ours to remove.
  const stats = await statAt(tree, path);
  if (stats !== undefined && !stats.isFile()) return 'blocked';
  try {
    await rename(directories.absolute(temp), directories.absolute(path));
    return 'stored';
  } catch (error) {
    return attemptAfter(error);
  }
}

async function putAt(
  tree: FileTree,
  temp: string,
  path: string,
  ifAbsent: boolean,
): Promise<Attempt> {
  // Other processes may remove empty folders as well: hence the further looks.
  return tree.directories.holding(folderOf(path), () => putInFolder(tree, temp, path, ifAbsent));
}

async function putInFolder(
  tree: FileTree,
  temp: string,
  path: string,
  ifAbsent: boolean,
): Promise<Attempt> {
  for (let look = 1; look <= MAX_LOOKS; look += 1) {
    if ((await tree.directories.ensure(folderOf(path))) === 'blocked') return 'blocked';
    try {
      const attempt = await (ifAbsent ? linkTo : renameTo)(tree, temp, path);
      if (attempt !== 'changed') return attempt;
    } catch (error) {
      // The folder went since it was last verified, or the temp file did: then it fails again.
      if (errnoOf(error) !== 'ENOENT' || look === MAX_LOOKS) throw error;
    }
    tree.directories.forget();
  }
  return 'blocked';
}

function noPlace(tree: FileTree, key: ObjectKey): Failure {
  const path = tree.directories.absolute(placesOf(tree, key).at(-1) ?? key);
  const subject = `no place for ${JSON.stringify(key)}`;
  return Buffer.byteLength(path) >= MAX_PATH_BYTES
    ? new Failure(
        'KEY_INVALID',
        `${subject}: its path would have more than ${MAX_PATH_BYTES} bytes; use a bucket directory with a shorter path`,
      )
    : new Failure(
        'BUCKET_REFUSED',
        `${subject}: something that is no object stands at ${path}; move it away and run again`,
      );
}

/** After a version was put at `path`: what the key had there, and in a later place, goes. */
async function removeReplaced(
  tree: FileTree,
  key: ObjectKey,
  before: readonly ObjectFile[],
  path: string,
): Promise<void> {
  for (const file of before) {
    if (file.path !== path) await unlinkVersion(tree, key, file);
    else await removeDescription(tree, descriptionPath(keyHash(key), file.stats));
  }
}

/**
 * Puts a written, described temp file in its key's place, in one atomic step, durably.
 * @param temp below the tree's root; gone when the outcome is `stored` by a rename, otherwise left
 * to the caller.
 * @param onPlaced called as soon as the object can be seen.
 * @returns `exists` where `ifAbsent` is set and an object is there already.
 */
export async function placeFile(
  tree: FileTree,
  key: ObjectKey,
  temp: string,
  ifAbsent: boolean,
  onPlaced: () => void,
): Promise<'stored' | 'exists'> {
  if (ifAbsent && (await findObjectFile(tree, key)) !== undefined) return 'exists';
  const places = placesOf(tree, key);
  const found = ifAbsent ? [] : await Promise.all(places.map((path) => objectFileAt(tree, path)));
  for (const [index, path] of places.entries()) {
    const attempt = await putAt(tree, temp, path, ifAbsent);
    if (attempt === 'exists') return 'exists';
    if (attempt !== 'stored') continue;
    onPlaced();
    await tree.directories.sync(folderOf(path));
    const before = found.slice(index).filter((file) => file !== undefined);
    await removeReplaced(tree, key, before, path);
    return 'stored';
  }
  throw noPlace(tree, key);
}
