import { mkdir, open, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import { spoolTrouble } from './spool-full.ts';

/** A file without a name: whatever becomes of the process, nothing of it stays. */
export class SpoolFile {
  readonly #handle: FileHandle;
  readonly #directory: string;

  constructor(handle: FileHandle, directory: string) {
    this.#handle = handle;
    this.#directory = directory;
  }

  /** Writes all of `bytes` at an offset. @throws SpoolFull; some of them may be written then. */
  async write(bytes: Uint8Array, position: number): Promise<void> {
    try {
      for (let done = 0; done < bytes.length;) {
        const length = bytes.length - done;
        const { bytesWritten } = await this.#handle.write(bytes, done, length, position + done);
        done += bytesWritten;
      }
    } catch (error) {
      throw spoolTrouble('written', this.#directory, error);
    }
  }

  /** Bytes that were written at an offset: at least one, at most `length`. @throws SpoolFull. */
  async read(position: number, length: number): Promise<Uint8Array> {
    let cause: unknown;
    try {
      // Not reused: whoever was given the chunk before may still hold it.
      const memory: Uint8Array = Buffer.allocUnsafeSlow(length);
      const { buffer, bytesRead } = await this.#handle.read({ buffer: memory, position });
      if (bytesRead > 0) return buffer.subarray(0, bytesRead);
    } catch (error) {
      cause = error;
    }
    throw spoolTrouble('read', this.#directory, cause ?? new Error('its file was cut meanwhile'));
  }

  /** Gives the space back once reads and writes under way are over; never fails. */
  async close(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
  }
}

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

async function openUnnamed(path: string): Promise<FileHandle> {
  const handle = await open(path, 'wx+', 0o600);
  try {
    await unlink(path);
  } catch (error) {
    // Somebody else may have unlinked it, see below.
    if (hasCode(error, 'ENOENT')) return handle;
    await handle.close();
    throw error;
  }
  return handle;
}

async function create(directory: string, nextNumber: () => number): Promise<FileHandle> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  for (;;) {
    const path = join(directory, `spool-${String(nextNumber())}`);
    try {
      return await openUnnamed(path);
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
      // Of a process that was killed before it unlinked it, or of one that is about to.
      await unlink(path).catch(() => undefined);
    }
  }
}

/**
 * Opens a file that nobody else sees, and makes the directory, for this user only, where it is
 * absent.
 * @param nextNumber gives another number at each call
 * @throws SpoolFull where the directory does not take it.
 */
export async function openSpoolFile(
  directory: string,
  nextNumber: () => number,
): Promise<SpoolFile> {
  try {
    return new SpoolFile(await create(directory, nextNumber), directory);
  } catch (error) {
    throw spoolTrouble('written', directory, error);
  }
}
