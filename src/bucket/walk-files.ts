import { readdir } from 'node:fs/promises';

import { isAbsence } from './file-failure.ts';
import type { FileTree } from './file-tree.ts';

/** A file or a folder on a walk: its path relative to the tree's root, as raw bytes. */
interface Step {
  readonly path: Buffer;
  readonly isFolder: boolean;
}

/** What a walk leaves out: called with a folder's path, as raw bytes with a trailing `/`. */
export type EntersFolder = (folder: Buffer) => boolean;

/** Files in a run: one is given out at the price of many. */
const FILES_AT_ONCE = 1_000;

const SLASH = Buffer.from('/');

/** Names that are not UTF-8 come as bytes, so that they can be told from those that are. */
async function readFolder(tree: FileTree, folder: Buffer): Promise<Step[]> {
  const root = Buffer.from(tree.directories.absolute(''));
  const absolute = Buffer.concat([root, SLASH, folder]);
  const steps: Step[] = [];
  try {
    for (const entry of await readdir(absolute, { encoding: 'buffer', withFileTypes: true })) {
      const path = Buffer.concat([folder, entry.name]);
      // Links, sockets and the like are neither, and are passed over.
      if (entry.isDirectory()) steps.push({ path: Buffer.concat([path, SLASH]), isFolder: true });
      else if (entry.isFile()) steps.push({ path, isFolder: false });
    }
  } catch (error) {
    if (!isAbsence(error)) throw error;
  }
  // A folder sorts with its slash, as the keys in it do: `a.txt` comes before `a/b`. Reversed,
  // because the walk takes steps from the end.
  return steps.sort((one, other) => Buffer.compare(other.path, one.path));
}

/** Takes the files off the end of `steps` up to the next folder, at most so many. */
function takeFiles(steps: Step[]): Buffer[] {
  const files: Buffer[] = [];
  for (let last = steps.at(-1); last?.isFolder === false; last = steps.at(-1)) {
    if (files.length === FILES_AT_ONCE) break;
    files.push(last.path);
    steps.pop();
  }
  return files;
}

/**
 * The regular files below a folder in the order of their paths' bytes, in runs that lie in one
 * folder, none empty. Memory holds the names of the folders on the way down from the start, nothing
 * else.
 * @param start relative to the tree's root: '' or a path that ends in `/`.
 */
export async function* walkFiles(
  tree: FileTree,
  start: string,
  enters: EntersFolder,
  signal: AbortSignal,
): AsyncGenerator<readonly Buffer[]> {
  const levels: Step[][] = [await readFolder(tree, Buffer.from(start))];
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    signal.throwIfAborted();
    const files = takeFiles(level);
    if (files.length > 0) yield files;
    else {
      const step = level.pop();
      if (step === undefined) levels.pop();
      else if (enters(step.path)) levels.push(await readFolder(tree, step.path));
    }
  }
}
