import { randomBytes } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { errnoOf } from './file-failure.ts';
import { OWN_FOLDER } from './key-path.ts';

const ID_FILE = `${OWN_FOLDER}/id`;
const ID_BYTES = 16;
const WHOLE_ID = /^[0-9a-f]{32}\n$/;

/**
 * The name that a directory bucket was given when it was made. Another directory under the same
 * path (a disk that is not mounted, one that was deleted and made anew) has another one.
 */
export async function directoryId(root: string): Promise<string> {
  const path = join(root, ID_FILE);
  const found = await readId(path);
  if (found !== undefined) return found;
  // A file cut by a crash is written anew; of two who make one, the second reads the first's.
  const handle = await open(path, (await isThere(path)) ? 'w' : 'wx').catch((error: unknown) => {
    if (errnoOf(error) === 'EEXIST') return undefined;
    throw error;
  });
  if (handle === undefined) return directoryId(root);
  try {
    const id = randomBytes(ID_BYTES).toString('hex');
    await handle.writeFile(`${id}\n`);
    await handle.sync();
    return id;
  } finally {
    await handle.close();
  }
}

/** The id, where a whole one is there. */
async function readId(path: string): Promise<string | undefined> {
  try {
    const text = await readFile(path, 'utf8');
    return WHOLE_ID.test(text) ? text.trimEnd() : undefined;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await readFile(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
