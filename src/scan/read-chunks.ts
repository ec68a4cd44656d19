import type { FileHandle } from 'node:fs/promises';

/** Bytes read at once. */
export const CHUNK_BYTES = 256 * 1024;

/** The bytes of a file at an offset, at most `length`; empty at its end. */
export async function readChunk(
  handle: FileHandle,
  position: number,
  length = CHUNK_BYTES,
  into = new Uint8Array(length),
): Promise<Uint8Array> {
  const { buffer, bytesRead } = await handle.read({ buffer: into, position });
  return buffer.subarray(0, bytesRead);
}

/**
 * The bytes of a file from an offset to where it ends when the reader gets there.
 * @param chunks as in `ListBytes.read`
 */
export async function* readChunks(
  handle: FileHandle,
  from: number,
  signal: AbortSignal,
  chunks: 'kept' | 'passing' = 'kept',
): AsyncGenerator<Uint8Array> {
  const memory = chunks === 'passing' ? new Uint8Array(CHUNK_BYTES) : undefined;
  for (let at = from; ;) {
    signal.throwIfAborted();
    const chunk = await readChunk(handle, at, CHUNK_BYTES, memory);
    if (chunk.length === 0) return;
    at += chunk.length;
    yield chunk;
  }
}
