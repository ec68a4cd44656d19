import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import path from 'node:path';

import { FatalError } from '../model/failure.ts';
import type { ManifestFile } from './inventory-manifest.ts';
import { readChunks } from './read-chunks.ts';

/** A file of an inventory, found and checked. */
export interface InventoryFile {
  readonly path: string;
  /** What tells that it is still the file that was checked. */
  readonly size: number;
  readonly mtimeMs: number;
}

/**
 * Finds the files that a manifest names, as {@link inventoryFilePath} does, and checks what they
 * hold.
 * @param name of the list, for messages
 * @param manifest the path of the manifest
 * @throws FatalError `usage` where one is missing or another than the manifest says; the signal's
 * reason.
 */
export async function findInventoryFiles(
  name: string,
  manifest: string,
  files: readonly ManifestFile[],
  signal: AbortSignal,
): Promise<readonly InventoryFile[]> {
  const found: InventoryFile[] = [];
  for (const file of files) found.push(await findFile(name, manifest, file, signal));
  return found;
}

async function findFile(
  name: string,
  manifest: string,
  file: ManifestFile,
  signal: AbortSignal,
): Promise<InventoryFile> {
  const found = await inventoryFilePath(manifest, file.key);
  if (found !== undefined) return checkedInventoryFile(name, found, file, signal);
  const missing = `its file ${JSON.stringify(file.key)} is not there`;
  const advice = 'fetch it into the folder of the manifest';
  throw new FatalError('usage', `${name}: ${missing}: ${advice}`);
}

/**
 * Where a file lies that a manifest names: by its base name beside it, or by its key there or in any
 * folder above, as a copy of the whole bucket has them; undefined where it does not.
 * @param manifest the path of the manifest
 */
export async function inventoryFilePath(
  manifest: string,
  key: string,
): Promise<string | undefined> {
  for (const candidate of candidates(path.dirname(manifest), key)) {
    const stats = await stat(candidate).catch(() => undefined);
    if (stats?.isFile() === true) return candidate;
  }
  return undefined;
}

/**
 * Checks a file by what the manifest says of it.
 * @param name of the list, for messages
 * @param at its path
 * @throws FatalError `usage` where it is another; the signal's reason.
 */
export async function checkedInventoryFile(
  name: string,
  at: string,
  file: Omit<ManifestFile, 'key'>,
  signal: AbortSignal,
): Promise<InventoryFile> {
  const { size, mtimeMs } = await statOf(name, at);
  if (file.size !== undefined && size !== file.size) {
    throw differs(name, at, `has ${size} bytes, the manifest says ${file.size}`);
  }
  const md5 = await md5Of(name, at, signal);
  if (md5 === file.md5) return { path: at, size, mtimeMs };
  throw differs(name, at, `has the MD5 ${md5}, the manifest says ${file.md5}`);
}

async function statOf(name: string, file: string): Promise<Stats> {
  try {
    return await stat(file);
  } catch (error) {
    throw unreadable(name, file, error);
  }
}

function candidates(folder: string, key: string): readonly string[] {
  const found = [path.join(folder, path.posix.basename(key))];
  // A manifest lies at most as deep in a copy of its bucket as its key has segments.
  const depth = key.split('/').length + 1;
  for (let above = folder, level = 0; level <= depth; level += 1, above = path.dirname(above)) {
    found.push(path.join(above, key));
  }
  return found;
}

async function md5Of(name: string, file: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('md5');
  try {
    const handle = await open(file);
    try {
      for await (const chunk of readChunks(handle, 0, signal, 'passing')) hash.update(chunk);
    } finally {
      await handle.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    throw unreadable(name, file, error);
  }
  return hash.digest('hex');
}

function unreadable(name: string, file: string, error: unknown): FatalError {
  const why = error instanceof Error ? error.message : String(error);
  return new FatalError('usage', `${name}: its file ${file} can't be read: ${why}`, error);
}

function differs(name: string, file: string, what: string): FatalError {
  return new FatalError('usage', `${name}: its file ${file} ${what}; fetch it again`);
}
