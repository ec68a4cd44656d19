import { createHash } from 'node:crypto';
import { lstatSync, readFileSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { open, readdir, readFile, unlink } from 'node:fs/promises';
import { dirname } from 'node:path/posix';

import type { ObjectMetadata, StoredObject } from '../model/bucket.ts';
import { Failure } from '../model/failure.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { Headers } from '../model/ports.ts';
import { isAbsence } from './file-failure.ts';
import type { FileTree } from './file-tree.ts';
import { OWN_FOLDER } from './key-path.ts';

/** Where descriptions live, below the bucket's directory. */
export const DESCRIPTIONS_FOLDER = `${OWN_FOLDER}/meta`;

/** Hex digits of a key's SHA-256 in names: 128 bits. */
const KEY_HASH_DIGITS = 32;

/** What is known of one stored version beside its bytes. */
export interface FileDescription extends ObjectMetadata {
  readonly key: ObjectKey;
  /** With its quotes. */
  readonly etag: string;
}

/** Names a key in file names, whatever its bytes are. */
export function keyHash(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, KEY_HASH_DIGITS);
}

/** Names one version of a file. It survives link and rename, and no later version has the same. */
export function identityOf(stats: BigIntStats): string {
  return [stats.ino, stats.size, stats.mtimeNs].map((number) => number.toString(16)).join('-');
}

/** Where in {@link DESCRIPTIONS_FOLDER} the descriptions of all keys with such a hash live. */
export const descriptionsOf = (hashOfKey: string): string => hashOfKey.slice(0, 2);

/**
 * Where the description of one version lives. Since the version is part of the name, a description
 * can be written before its file is put in place, and can never be taken for another version's.
 */
export function descriptionPath(hashOfKey: string, stats: BigIntStats): string {
  const folder = `${DESCRIPTIONS_FOLDER}/${descriptionsOf(hashOfKey)}`;
  return `${folder}/${hashOfKey}-${identityOf(stats)}.json`;
}

/** The ETag of a file that somebody put there by hand; changes with its time, size and inode. */
function derivedEtag(stats: BigIntStats): string {
  return `"${identityOf(stats)}"`;
}

/** What is known of a version that never had a description. */
export function undescribedObject(key: ObjectKey, stats: BigIntStats): StoredObject {
  const size = Number(stats.size);
  const lastModifiedMs = Number(stats.mtimeMs);
  return { key, size, etag: derivedEtag(stats), lastModifiedMs, headers: {}, metadata: {} };
}

/** Writes a version's description durably; gives its path. */
export async function writeDescription(
  tree: FileTree,
  description: FileDescription,
  stats: BigIntStats,
): Promise<string> {
  const path = descriptionPath(keyHash(description.key), stats);
  const folder = dirname(path);
  if ((await tree.directories.ensure(folder)) === 'blocked') {
    const where = tree.directories.absolute(folder);
    throw new Failure('BUCKET_REFUSED', `${where} is not a folder; move it away and run again`);
  }
  const handle = await open(tree.directories.absolute(path), 'w');
  try {
    await handle.writeFile(JSON.stringify({ version: 1, ...description }));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await tree.directories.sync(folder);
  return path;
}

/** Removes a description that no file needs any more; what is left over is harmless. */
export async function removeDescription(tree: FileTree, path: string): Promise<void> {
  await unlink(tree.directories.absolute(path)).catch(() => undefined);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isHeaders(value: unknown): value is Headers {
  return isRecord(value) && Object.values(value).every((text) => typeof text === 'string');
}

function parseDescription(text: string, key: ObjectKey): FileDescription | undefined {
  const value: unknown = JSON.parse(text);
  if (!isRecord(value) || value['version'] !== 1 || value['key'] !== key) return undefined;
  const { etag, headers, metadata } = value;
  if (typeof etag !== 'string' || !isHeaders(headers) || !isHeaders(metadata)) return undefined;
  return { key, etag, headers, metadata };
}

/** @throws Failure `BUCKET_REFUSED` where the text of the file at `path` can't be understood. */
function understood(text: string, key: ObjectKey, path: string): FileDescription {
  let cause: unknown;
  try {
    const description = parseDescription(text, key);
    if (description !== undefined) return description;
  } catch (error) {
    cause = error;
  }
  throw new Failure(
    'BUCKET_REFUSED',
    `the metadata of ${JSON.stringify(key)} in ${path} is damaged; delete that file to go on without it, or store the object again`,
    { cause },
  );
}

/**
 * The description of exactly this version; undefined for a file that this bucket did not store.
 * @throws Failure `BUCKET_REFUSED` for a description that can't be understood: to serve the object
 * without its metadata would be a silent loss.
 */
export async function readDescription(
  tree: FileTree,
  key: ObjectKey,
  stats: BigIntStats,
): Promise<FileDescription | undefined> {
  const path = tree.directories.absolute(descriptionPath(keyHash(key), stats));
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
  return understood(text, key, path);
}

/**
 * {@link readDescription} in this thread: a fraction of the work, but everybody waits for it.
 * @param hashOfKey by {@link keyHash}
 */
export function readDescriptionNow(
  tree: FileTree,
  key: ObjectKey,
  hashOfKey: string,
  stats: BigIntStats,
): FileDescription | undefined {
  const path = tree.directories.absolute(descriptionPath(hashOfKey, stats));
  let text: string;
  try {
    // An absence that is thrown costs ten times as much as one that is told.
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
  return understood(text, key, path);
}

/** The folders in {@link DESCRIPTIONS_FOLDER}, by name: at most 256, and none is ever removed. */
export async function describedFolders(tree: FileTree): Promise<ReadonlySet<string>> {
  try {
    return new Set(await readdir(tree.directories.absolute(DESCRIPTIONS_FOLDER)));
  } catch (error) {
    if (isAbsence(error)) return new Set();
    throw error;
  }
}
