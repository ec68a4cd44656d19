import { type FileHandle, open } from 'node:fs/promises';
import { FatalError } from '../../model/failure.ts';
import { compareKeys } from '../../model/object-key.ts';
import type { ManifestEntry } from '../../model/scan-journal.ts';
import { CHUNK_BYTES, readChunk } from '../read-chunks.ts';
import { diskFailure, unlessDiskFails } from './disk-failure.ts';
import { eachKeyOnce } from './each-key-once.ts';
import { entryOfItem, type ManifestItem, manifestItem, sameManifestKey } from './manifest-item.ts';
import { foreignLine } from './foreign-line.ts';
import { readLines } from './read-lines.ts';
import { sortByKey } from './sort-by-key.ts';

const WHAT = 'the manifest';

export interface SortedManifestOptions {
  /** Path of the manifest that a scan wrote. */
  readonly manifest: string;
  /** So much of it counts; whole lines. */
  readonly bytes: number;
  /** Where files may be made; it exists. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** As {@link sortByKey} has it. */
  readonly memoryBytes?: number;
}

/**
 * The entries of a manifest by their keys' UTF-8 bytes, each key once: of lines that differ the last
 * one, as racy. A manifest that is in order is read twice and makes no file.
 * @throws FatalError `state-unusable`, which names the line that can't be read; the signal's reason.
 */
export async function* sortedManifest(
  options: SortedManifestOptions,
): AsyncGenerator<readonly ManifestEntry[]> {
  const handle = await unlessDiskFails(WHAT, options.manifest, () => open(options.manifest, 'r'));
  try {
    for await (const items of sortedItems(handle, options)) yield items.map(entryOfItem);
  } catch (error) {
    if (error instanceof SyntaxError) throw await foreign(error, handle, options);
    throw diskFailure(error, WHAT, options.manifest);
  } finally {
    await handle.close();
  }
}

async function* sortedItems(
  handle: FileHandle,
  options: SortedManifestOptions,
): AsyncGenerator<readonly ManifestItem[]> {
  if (await isInOrder(itemsOf(handle, options))) {
    yield* eachKeyOnce(itemsOf(handle, options), sameManifestKey);
    return;
  }
  yield* sortByKey(itemsOf(handle, options), {
    ...options,
    encode: ({ line }) => line,
    decode: manifestItem,
    same: sameManifestKey,
  });
}

async function* itemsOf(
  handle: FileHandle,
  { bytes, signal }: SortedManifestOptions,
): AsyncGenerator<readonly ManifestItem[]> {
  const readAt = (at: number, length: number) => readChunk(handle, at, length);
  const range = { start: 0, end: bytes, chunkBytes: CHUNK_BYTES };
  for await (const lines of readLines(readAt, range, signal)) yield lines.map(manifestItem);
}

/** Reads no further than to the first key that is out of order. */
async function isInOrder(batches: AsyncIterable<readonly ManifestItem[]>): Promise<boolean> {
  let last: ManifestItem | undefined;
  for await (const batch of batches) {
    for (const item of batch) {
      if (last !== undefined && compareKeys(last.key, item.key) > 0) return false;
      last = item;
    }
  }
  return true;
}

async function foreign(
  error: SyntaxError,
  handle: FileHandle,
  { manifest, bytes }: SortedManifestOptions,
): Promise<FatalError> {
  const found = await unlessDiskFails(WHAT, manifest, () => foreignLine(handle, bytes));
  const place = found === undefined ? manifest : `${manifest}:${found.line}`;
  const line = `${place}: ${found?.problem ?? error.message}; the manifest was damaged or changed since its scan: run with --new-job, which sets the state aside and starts afresh`;
  return new FatalError('state-unusable', line, error);
}
