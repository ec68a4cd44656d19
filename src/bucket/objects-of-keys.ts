import type { BigIntStats } from 'node:fs';

import type { StoredObject } from '../model/bucket.ts';
import type { ObjectKey } from '../model/object-key.ts';
import {
  describedFolders,
  descriptionsOf,
  identityOf,
  keyHash,
  readDescriptionNow,
  undescribedObject,
} from './file-description.ts';
import { objectFileAt, statAt, statNow } from './file-tree.ts';
import type { FileTree } from './file-tree.ts';
import type { SpelledLooks } from './spelled-looks.ts';
import { objectInFile } from './read-file.ts';

/** A key that a listing found, and the path of its file below the tree's root. */
export interface KeyAt {
  readonly key: ObjectKey;
  readonly path: string;
}

/** A regular file as it was seen at its path, the folders on the way not looked at yet. */
interface SeenFile extends KeyAt {
  readonly stats: BigIntStats;
}

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/**
 * What is known of a version without waiting; undefined where it has been replaced meanwhile.
 * @param described the folders with descriptions, as they were after the file was seen. In one that
 * was not there then, no version that was seen ever had a description.
 */
function describeNow(
  tree: FileTree,
  { key, path, stats }: SeenFile,
  described: ReadonlySet<string>,
): StoredObject | undefined {
  const plain = undescribedObject(key, stats);
  if (described.size === 0) return plain;
  const hash = keyHash(key);
  if (!described.has(descriptionsOf(hash))) return plain;
  const description = readDescriptionNow(tree, key, hash, stats);
  if (description !== undefined) return { ...plain, ...description };
  // A writer that replaces a version removes its description, so only a version that still
  // stands there can be one that never had any.
  const now = statNow(tree, path);
  return now !== undefined && identityOf(now) === identityOf(stats) ? plain : undefined;
}

async function objectAt(tree: FileTree, { key, path }: KeyAt): Promise<StoredObject | undefined> {
  const file = await objectFileAt(tree, path);
  return file === undefined ? undefined : objectInFile(tree, key, file);
}

async function filesAt(
  tree: FileTree,
  keys: readonly KeyAt[],
  looks: SpelledLooks,
): Promise<readonly SeenFile[]> {
  const seen = await looks.each(keys, {
    now: ({ path }) => statNow(tree, path),
    later: ({ path }) => statAt(tree, path),
  });
  return seen.flatMap((stats, index) => {
    const at = keys[index];
    return at !== undefined && stats?.isFile() === true ? [{ ...at, stats }] : [];
  });
}

/**
 * The objects that the files of keys hold, in the keys' order; a key whose file is gone, or is no
 * regular file any more, is left out. As with a single look, no link is followed to a file.
 */
export async function objectsOfKeys(
  tree: FileTree,
  keys: readonly KeyAt[],
  looks: SpelledLooks,
): Promise<readonly StoredObject[]> {
  const files = await filesAt(tree, keys, looks);
  // Not before the files were seen: see describeNow.
  const described = await describedFolders(tree);
  const found = await looks.each(files, {
    now: (file) => describeNow(tree, file, described),
    later: (file) => objectInFile(tree, file.key, file),
  });
  const objects: StoredObject[] = [];
  let folder: string | undefined;
  let isReal = false;
  for (const [index, file] of files.entries()) {
    if (parentOf(file.path) !== folder) {
      folder = parentOf(file.path);
      isReal = (await tree.directories.state(folder)) === 'real';
    }
    // What was replaced under the look, or lies behind a link, is looked at again by itself.
    const object = (isReal ? found[index] : undefined) ?? (await objectAt(tree, file));
    if (object !== undefined) objects.push(object);
  }
  return objects;
}
