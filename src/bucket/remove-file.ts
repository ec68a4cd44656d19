import { unlink } from 'node:fs/promises';

import type { ObjectKey } from '../model/object-key.ts';
import { descriptionPath, keyHash, removeDescription } from './file-description.ts';
import { isAbsence } from './file-failure.ts';
import { objectFileAt, placesOf } from './file-tree.ts';
import type { FileTree, ObjectFile } from './file-tree.ts';
import { ENCODED_FOLDER } from './key-path.ts';

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/**
 * Takes a version of an object away, durably, with its description. Another that took its place
 * meanwhile goes as well, and leaves a description over that nothing needs.
 */
export async function unlinkVersion(
  tree: FileTree,
  key: ObjectKey,
  { path, stats }: ObjectFile,
): Promise<void> {
  await unlink(tree.directories.absolute(path)).catch((error: unknown) => {
    if (!isAbsence(error)) throw error;
  });
  await syncRemoval(tree, parentOf(path));
  await removeDescription(tree, descriptionPath(keyHash(key), stats));
}

/** A folder that went meanwhile, being empty, is gone for good once the one above it is on disk. */
async function syncRemoval(tree: FileTree, folder: string): Promise<void> {
  try {
    await tree.directories.sync(folder);
  } catch (error) {
    if (!isAbsence(error) || folder === '') throw error;
    await syncRemoval(tree, parentOf(folder));
  }
}

/**
 * Removes the object of a key, wherever it is; no matter whether there is one. Only regular files
 * go, and the folders that this leaves empty. The later place goes first: what stands there beside
 * an object in the first is an older version, which must not come to light.
 */
export async function removeFile(tree: FileTree, key: ObjectKey): Promise<void> {
  for (const path of placesOf(tree, key).toReversed()) {
    const file = await objectFileAt(tree, path);
    if (file === undefined) continue;
    await unlinkVersion(tree, key, file);
    const top = path.startsWith(`${ENCODED_FOLDER}/`) ? ENCODED_FOLDER : '';
    await tree.directories.removeEmpty(parentOf(path), top);
  }
}
