import { open } from 'node:fs/promises';
import { isGzip } from '../scan/gunzip-bytes.ts';
import { type KeyList, type KeyListOptions, openKeyList } from '../scan/key-list.ts';
import { readChunk } from '../scan/read-chunks.ts';
import type { Cleanup } from './cleanup.ts';
import { readForward } from './read-forward.ts';

/**
 * Opens a key list; one that is compressed is reread without unpacking it from its start each time.
 * @throws FatalError `usage`, as `openKeyList` does.
 */
export async function openList(options: KeyListOptions, cleanup: Cleanup): Promise<KeyList> {
  const opened = await openKeyList(options);
  const list = (await isCompressed(options.path, opened)) ? readForward(opened) : opened;
  cleanup.add(() => list.close());
  return list;
}

async function isCompressed(file: string, { format }: KeyList): Promise<boolean> {
  // The data files of an inventory always are.
  if (format === 's3-inventory') return true;
  const handle = await open(file, 'r');
  try {
    return isGzip(await readChunk(handle, 0, 2));
  } finally {
    await handle.close();
  }
}
