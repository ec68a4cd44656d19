import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

import type { EntrySource } from '../model/entry.ts';
import { FatalError } from '../model/failure.ts';
import { gunzipBytes, isGzip } from './gunzip-bytes.ts';
import type { ListBytes } from './list-bytes.ts';
import { listSource } from './list-source.ts';
import { readChunk, readChunks } from './read-chunks.ts';
import { skipBytes } from './skip-bytes.ts';

export interface KeyListOptions {
  /** Of a regular file; shown in messages as it is given. */
  readonly path: string;
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

async function openList(path: string): Promise<FileHandle> {
  try {
    // Without O_NONBLOCK a named pipe that nobody writes to would hang the open.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/**
 * Opens a key list: one key a line, UTF-8, plain or gzip (told by its first bytes). The file is
 * kept open, so a run reads one and the same file even if another takes its name.
 * @throws FatalError `usage` where it can't be read.
 */
export async function openKeyList({ path }: KeyListOptions): Promise<EntrySource> {
  const handle = await openList(path);
  try {
    await checkFile(path, handle);
    const compressed = await isCompressed(path, handle);
    return listSource(`key list ${path}`, bytesOf(path, handle, compressed));
  } catch (error) {
    await handle.close();
    throw unreadable(path, error);
  }
}
