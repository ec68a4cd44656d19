import { randomBytes } from 'node:crypto';
import { link, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';

import { errnoOf } from './file-failure.ts';
import { OWN_FOLDER } from './key-path.ts';
import { knownDirectoryId } from './known-directory-id.ts';
import { TEMP_FOLDER } from './temp-files.ts';

const ID_FILE = `${OWN_FOLDER}/id`;
const ID_BYTES = 16;

/**
 * The name that a directory bucket was given when it was made. Another directory under the same
 * path (a disk that is not mounted, one that was deleted and made anew) has another one.
 */
export async function directoryId(root: string): Promise<string> {
  return (await knownDirectoryId(root)) ?? (await giveId(root));
}

/** Writes a whole file beside and links it into place: of two who give an id, the first one counts. */
async function giveId(root: string): Promise<string> {
  const id = randomBytes(ID_BYTES).toString('hex');
  const beside = join(root, TEMP_FOLDER, `id.${id}`);
  const handle = await open(beside, 'wx');
  try {
    await handle.writeFile(`${id}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await link(beside, join(root, ID_FILE));
    return id;
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    return (await knownDirectoryId(root)) ?? id;
  } finally {
    await unlink(beside);
  }
}
