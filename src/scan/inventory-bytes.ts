import { open } from 'node:fs/promises';

import { FatalError } from '../model/failure.ts';
import type { InventoryFile } from './find-inventory-files.ts';
import { gunzipBytes, isGzip } from './gunzip-bytes.ts';
import type { ListBytes } from './list-bytes.ts';
import { readChunk, readChunks } from './read-chunks.ts';

const LF = 0x0a;
const LINE_END = Uint8Array.of(LF);

/**
 * The unpacked bytes of an inventory's files, one after the other. How long a file is unpacked is
 * remembered, so that reading on behind it need not unpack it again.
 * @param name of the list, for messages
 */
export function inventoryBytes(name: string, files: readonly InventoryFile[]): ListBytes {
  const lengths: number[] = [];
  return {
    async *read(from, signal) {
      let at = 0;
      for (const [index, file] of files.entries()) {
        const known = lengths[index];
        if (known !== undefined && at + known <= from) {
          at += known;
          continue;
        }
        const start = at;
        for await (const chunk of wholeLines(fileBytes(name, file, signal))) {
          signal.throwIfAborted();
          const skipped = Math.min(Math.max(from - at, 0), chunk.length);
          at += chunk.length;
          if (skipped < chunk.length) yield chunk.subarray(skipped);
        }
        lengths[index] = at - start;
      }
    },
    close: () => Promise.resolve(),
  };
}

/** The last row of one file must not run into the first of the next. */
async function* wholeLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let last: number | undefined = LF;
  for await (const chunk of chunks) {
    last = chunk.at(-1) ?? last;
    yield chunk;
  }
  if (last !== LF) yield LINE_END;
}

async function* fileBytes(
  name: string,
  file: InventoryFile,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const subject = `${name}: its file ${file.path}`;
  const handle = await open(file.path).catch((error: unknown) => {
    throw changed(subject, error);
  });
  try {
    const { size, mtimeMs } = await handle.stat();
    if (size !== file.size || mtimeMs !== file.mtimeMs) throw changed(subject);
    const isPacked = isGzip(await readChunk(handle, 0, 2));
    const chunks = readChunks(handle, 0, signal);
    yield* isPacked ? gunzipBytes(subject, chunks) : chunks;
  } finally {
    await handle.close();
  }
}

function changed(subject: string, cause?: unknown): FatalError {
  return new FatalError('usage', `${subject} changed since it was checked; run again`, cause);
}
