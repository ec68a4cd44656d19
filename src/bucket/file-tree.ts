import { lstatSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { lstat } from 'node:fs/promises';

import type { ObjectKey } from '../model/object-key.ts';
import type { Directories } from './directories.ts';
import { isAbsence, isBadName } from './file-failure.ts';
import { encodedPath, plainPath } from './key-path.ts';

/** A bucket's directory and how keys are laid out in it. */
export interface FileTree {
  readonly directories: Directories;
  /** The file system takes some different names for one (case, Unicode forms). */
  readonly namesFold: () => boolean;
}

/** A file that stands for an object. */
export interface ObjectFile {
  /** Below the tree's root. */
  readonly path: string;
  readonly stats: BigIntStats;
}

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** What stands at a path, links not followed; undefined where nothing can stand or stands. */
export async function statAt(tree: FileTree, path: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(tree.directories.absolute(path), { bigint: true });
  } catch (error) {
    if (isAbsence(error) || isBadName(error)) return undefined;
    throw error;
  }
}

/** {@link statAt} in this thread: a fraction of the work, but everybody waits for it. */
export function statNow(tree: FileTree, path: string): BigIntStats | undefined {
  try {
    const options = { bigint: true, throwIfNoEntry: false } as const;
    return lstatSync(tree.directories.absolute(path), options);
  } catch (error) {
    if (isAbsence(error) || isBadName(error)) return undefined;
    throw error;
  }
}

/** The regular file at a path that no link is part of; undefined for anything else. */
export async function objectFileAt(tree: FileTree, path: string): Promise<ObjectFile | undefined> {
  const stats = await statAt(tree, path);
  if (stats?.isFile() !== true) return undefined;
  return (await tree.directories.state(parentOf(path))) === 'real' ? { path, stats } : undefined;
}

/**
 * The places of a key, first choice first: under its own name if a file system can hold that, and
 * encoded. A key is in the second place where something else stood, or stands, in the first.
 */
export function placesOf(tree: FileTree, key: ObjectKey): readonly string[] {
  const plain = plainPath(key, tree.namesFold());
  return plain === undefined ? [encodedPath(key)] : [plain, encodedPath(key)];
}

/** The file that holds a key's object now. */
export async function findObjectFile(
  tree: FileTree,
  key: ObjectKey,
): Promise<ObjectFile | undefined> {
  for (const path of placesOf(tree, key)) {
    const file = await objectFileAt(tree, path);
    if (file !== undefined) return file;
  }
  return undefined;
}
