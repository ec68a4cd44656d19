import type { EntrySource } from '../model/entry.ts';
import { findInventoryFiles } from './find-inventory-files.ts';
import { inventoryBytes } from './inventory-bytes.ts';
import { inventoryFormat } from './inventory-format.ts';
import { type Manifest, parseManifest } from './inventory-manifest.ts';
import type { ListBytes } from './list-bytes.ts';
import { listSource } from './list-source.ts';
import { readHead } from './read-format.ts';

/** A manifest names its files in a few hundred bytes each; this is room for 100,000 of them. */
const MAX_MANIFEST_BYTES = 32 * 1024 * 1024;

/**
 * Reads a manifest.
 * @throws FatalError `usage` as {@link parseManifest}; the signal's reason.
 */
export async function readManifest(
  name: string,
  bytes: ListBytes,
  signal: AbortSignal,
): Promise<Manifest> {
  const text = await readHead(bytes, (head) => head.length > MAX_MANIFEST_BYTES, signal);
  return parseManifest(name, text);
}

/**
 * An S3 Inventory as a list: the rows of its CSV files, one file after the other. Every file's MD5
 * is checked here, so that nothing is copied by a list that came damaged.
 * @throws FatalError `usage` where manifest or files are not as they should be; the signal's reason.
 */
export async function openInventory(inventory: {
  /** For messages. */
  readonly name: string;
  /** Of the manifest. */
  readonly path: string;
  readonly manifest: ListBytes;
  readonly signal: AbortSignal;
}): Promise<EntrySource> {
  const { name, path, manifest, signal } = inventory;
  const { columns, files } = await readManifest(name, manifest, signal);
  const format = inventoryFormat(name, columns);
  const found = await findInventoryFiles(name, path, files, signal);
  return listSource(name, inventoryBytes(name, found), () => Promise.resolve(format));
}
