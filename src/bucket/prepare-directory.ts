import { link, lstat, mkdir, open, readdir, readFile, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { FatalError } from '../model/failure.ts';
import { directoryId } from './directory-id.ts';
import { DirectorySync } from './directory-sync.ts';
import { DESCRIPTIONS_FOLDER, keyHash } from './file-description.ts';
import { adviceFor, errnoOf, isAbsence, isBadName } from './file-failure.ts';
import type { FileTree } from './file-tree.ts';
import { ENCODED_FOLDER, OWN_FOLDER } from './key-path.ts';
import { TEMP_FOLDER } from './temp-files.ts';
import type { TempFiles } from './temp-files.ts';

/** The layout of this version of the program; another one refuses to work on it. */
const FORMAT = 'bucketfill directory bucket, format 1\n';
const FORMAT_FILE = `${OWN_FOLDER}/format`;

/** A name that the file system folds if it folds any: an upper-case letter and a composed one. */
const PROBE_NAME = 'Names-\u00e9';
/** What it would also answer to: another case, the decomposed form. */
const PROBE_TWINS = ['names-\u00e9', 'Names-e\u0301'];

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isAbsence(error) || isBadName(error)) return false;
    throw error;
  }
}

/**
 * Whether the file system takes different names for one. Reads only; false where the bucket was
 * not prepared yet.
 */
export async function detectFolding(root: string): Promise<boolean> {
  for (const twin of PROBE_TWINS) {
    if (await exists(join(root, OWN_FOLDER, twin))) return true;
  }
  return false;
}

/** Makes the file by which {@link detectFolding} tells; false where such a name can't be. */
async function plantProbe(root: string): Promise<boolean> {
  try {
    await (await open(join(root, OWN_FOLDER, PROBE_NAME), 'a')).close();
    return true;
  } catch (error) {
    if (isBadName(error)) return false;
    throw error;
  }
}

/** Makes the names of new folders durable, up to the highest one's parent. */
async function syncNewFolders(highest: string, lowest: string): Promise<void> {
  const sync = new DirectorySync();
  const stop = dirname(highest);
  for (let folder = dirname(lowest); folder.length >= stop.length; folder = dirname(folder)) {
    await sync.sync(folder).catch((error: unknown) => {
      // A parent that may be entered but not read can't be synced; nothing more can be done.
      if (!['EACCES', 'EPERM'].includes(errnoOf(error))) throw error;
    });
    if (folder === dirname(folder)) return;
  }
}

async function makeRoot(root: string): Promise<void> {
  let highest: string | undefined;
  try {
    highest = await mkdir(root, { recursive: true });
  } catch (error) {
    // A file, or a link to nothing, says EEXIST, and so does a link to a folder on some systems.
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
  if (highest !== undefined) await syncNewFolders(highest, root);
  await readdir(root);
}

async function makeOwnFolders(tree: FileTree): Promise<void> {
  for (const folder of [TEMP_FOLDER, DESCRIPTIONS_FOLDER, ENCODED_FOLDER]) {
    if ((await tree.directories.ensure(folder)) === 'real') continue;
    const path = tree.directories.absolute(folder);
    throw new FatalError('bucket-unusable', `${path} is not a folder; move it away and run again`);
  }
}

async function checkFormat(root: string): Promise<void> {
  const path = join(root, FORMAT_FILE);
  let found: string;
  try {
    found = await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    found = '';
  }
  if (found === FORMAT) return;
  // Cut by a crash, or new.
  if (FORMAT.startsWith(found)) {
    const handle = await open(path, 'w');
    try {
      await handle.writeFile(FORMAT);
    } finally {
      await handle.close();
    }
    return;
  }
  const got = JSON.stringify(found.slice(0, 60));
  const message = `${path} says ${got}, expected ${JSON.stringify(FORMAT)}: another version of bucketfill made this bucket; use that one`;
  throw new FatalError('bucket-unusable', message);
}

/** Writes, syncs and links a file as a store does; conditional writes need hard links. */
async function tryWriting(tree: FileTree, temps: TempFiles): Promise<void> {
  const { path, handle } = await temps.create(keyHash('probe'));
  const absolute = tree.directories.absolute(path);
  const second = `${absolute}.link`;
  try {
    await handle.writeFile('probe');
    await handle.sync();
    await link(absolute, second);
    await unlink(second);
  } finally {
    await handle.close();
    await unlink(absolute);
  }
}

function unusable(error: unknown, name: string, root: string): unknown {
  if (error instanceof FatalError) return error;
  const code = errnoOf(error);
  const message =
    code === 'ENOTDIR' || code === 'EEXIST' || code === 'ENOENT'
      ? `${root} is not a directory, or a file stands on the way to it; give another path (${code})`
      : `${root}: ${adviceFor(error)}`;
  return new FatalError('bucket-unusable', `bucket ${name} can't be used: ${message}`, error);
}

/** What was found out about a directory. */
export interface PreparedDirectory {
  /** The file system takes different names for one. */
  readonly namesFold: boolean;
  readonly id: string;
}

/**
 * Makes a directory fit to be a bucket: creates it, looks whether files can be written, linked and
 * read there, and sweeps what dead processes left.
 * @throws FatalError `bucket-unusable`.
 */
export async function prepareDirectory(
  name: string,
  tree: FileTree,
  temps: TempFiles,
): Promise<PreparedDirectory> {
  const root = tree.directories.absolute('');
  try {
    tree.directories.forget();
    await makeRoot(root);
    await makeOwnFolders(tree);
    await checkFormat(root);
    await tryWriting(tree, temps);
    await temps.sweep();
    const planted = await plantProbe(root);
    return { namesFold: !planted || (await detectFolding(root)), id: await directoryId(root) };
  } catch (error) {
    throw unusable(error, name, root);
  }
}

/**
 * Looks whether a directory can be read; one that is not there yet is fine.
 * @throws FatalError `bucket-unusable`.
 */
export async function readableDirectory(name: string, root: string): Promise<void> {
  try {
    await readdir(root);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw unusable(error, name, root);
  }
}
