import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { FatalError } from '../model/failure.ts';
import { errnoOf } from './file-failure.ts';
import { OWN_FOLDER } from './key-path.ts';

/**
 * The name that a directory bucket was given, without giving it one: undefined where the directory,
 * or its name, is not there.
 * @param root the directory, as an absolute path
 * @throws FatalError `bucket-unusable` where it can't be read.
 */
export async function knownDirectoryId(root: string): Promise<string | undefined> {
  const file = join(root, OWN_FOLDER, 'id');
  try {
    return (await readFile(file, 'utf8')).trimEnd();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error))) return undefined;
    const said = error instanceof Error ? error.message : String(error);
    const why = `which bucket is in ${root} can't be told (${said}): make it readable`;
    throw new FatalError('bucket-unusable', why, error);
  }
}
