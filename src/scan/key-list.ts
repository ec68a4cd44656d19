import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

import type { EntrySource } from '../model/entry.ts';
import { FatalError } from '../model/failure.ts';
import { gunzipBytes, isGzip } from './gunzip-bytes.ts';
import { openInventory } from './inventory.ts';
import { type KeysFormat, tellFormat } from './keys-format.ts';
import type { ListBytes } from './list-bytes.ts';
import { listSource } from './list-source.ts';
import { readChunk, readChunks } from './read-chunks.ts';
import { isFirstLine, type Note, readFormat, readHead } from './read-format.ts';
import { skipBytes } from './skip-bytes.ts';

export interface KeyListOptions {
  /** Of a regular file. */
  readonly path: string;
  /** What messages call it, with the same ending; absent: its path. */
  readonly name?: string | undefined;
  /** Absent: told by the first line and the name. */
  readonly format?: KeysFormat | undefined;
  /** Told of what is passed over. */
  readonly note?: Note | undefined;
  /** Ends the opening, which reads all files of an S3 Inventory. */
  readonly signal?: AbortSignal | undefined;
}

/** A key list and the format that it is read in. */
export interface KeyList extends EntrySource {
  readonly format: KeysFormat;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EACCES: 'permission denied; let this user read it',
  EPERM: 'permission denied; let this user read it',
  EISDIR: 'is a directory, expected a file with one key a line',
  ENAMETOOLONG: 'the path is too long',
  ELOOP: 'the path is a circle of links',
  EIO: 'the device failed to read it; check the disk',
};

function unreadable(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  const code = typeof error.code === 'string' ? error.code : '';
  // Failures of the list itself, told elsewhere, and the signal's reason have no system code.
  if (!/^E[A-Z0-9]+$/.test(code)) return error;
  return new FatalError('usage', `key list ${path}: ${REASONS[code] ?? error.message}`, error);
}

/** System errors told as what they mean; unpacked bytes that wait in a stream stop too. */
async function* orUnreadable(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of chunks) {
      signal.throwIfAborted();
      yield chunk;
    }
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function checkFile(path: string, handle: FileHandle): Promise<void> {
  const stats = await handle.stat();
  if (stats.isFile()) return;
  const message = stats.isDirectory()
    ? 'is a directory, expected a file with one key a line'
    : 'is not a regular file and could not be read twice; pipe it in and give `--keys -`';
  throw new FatalError('usage', `key list ${path}: ${message}`);
}

/** Whether the file is gzip: told by its first bytes; a name that says so must be right. */
async function isCompressed(path: string, handle: FileHandle): Promise<boolean> {
  const byBytes = isGzip(await readChunk(handle, 0, 2));
  if (byBytes || !/\.gz$/i.test(path)) return byBytes;
  const message = `key list ${path}: is named .gz but holds no gzip data; fetch the list again, or rename it`;
  throw new FatalError('usage', message);
}

function bytesOf(path: string, handle: FileHandle, compressed: boolean): ListBytes {
  const name = `key list ${path}`;
  return {
    read: (from, signal, kept) => {
      // gzip can't be entered in its middle, so everything before is unpacked and dropped.
      const chunks = compressed
        ? skipBytes(gunzipBytes(name, readChunks(handle, 0, signal)), from)
        : readChunks(handle, from, signal, kept);
      return orUnreadable(path, chunks, signal);
    },
    close: () => handle.close(),
  };
}

async function openList(path: string, shown: string): Promise<FileHandle> {
  try {
    // Without O_NONBLOCK a named pipe that nobody writes to would hang the open.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw unreadable(shown, error);
  }
}

/** Enough to tell the manifest of an S3 Inventory by. */
const MANIFEST_HEAD_BYTES = 64 * 1024;

/** @throws FatalError `usage` where the list can't be read. */
async function formatOf(
  { path, format }: KeyListOptions,
  bytes: ListBytes,
  signal: AbortSignal,
): Promise<KeysFormat> {
  if (format !== undefined) return format;
  const isJson = /\.json(\.gz)?$/i.test(path);
  const isEnough = isJson
    ? (head: Buffer): boolean => head.length >= MANIFEST_HEAD_BYTES
    : isFirstLine;
  return tellFormat(path, await readHead(bytes, isEnough, signal));
}

/**
 * Opens a key list, UTF-8, plain or gzip (told by its first bytes), and reads what has to be known
 * of it before its keys can be: a header, a manifest. The file is kept open, so a run reads one and
 * the same file even if another takes its name.
 * @throws FatalError `usage` where it can't be read, or is no list of its format; the signal's
 * reason.
 */
export async function openKeyList(options: KeyListOptions): Promise<KeyList> {
  const { path, note = () => undefined, signal = new AbortController().signal } = options;
  const { name: shown = path } = options;
  const name = `key list ${shown}`;
  const handle = await openList(path, shown);
  try {
    await checkFile(shown, handle);
    const bytes = bytesOf(shown, handle, await isCompressed(shown, handle));
    const format = await formatOf(options, bytes, signal);
    if (format === 's3-inventory') {
      const inventory = await openInventory({ name, path, manifest: bytes, signal });
      await handle.close();
      return Object.assign(inventory, { format });
    }
    const read = await readFormat(name, format, bytes, note, signal);
    const source = listSource(name, bytes, () => Promise.resolve(read));
    return Object.assign(source, { format });
  } catch (error) {
    await handle.close();
    throw unreadable(shown, error);
  }
}
