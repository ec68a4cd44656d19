import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredResult } from '../model/checkpoint.ts';
import { readMembers } from './read-members.ts';

/**
 * The results of a job's last begun pass, or of the pass `back` before it, in the order in which
 * they were kept. It takes no lock: it may read beside a run.
 *
 * - An entry may stand there more than once, when it was examined again: by its place
 *   (`segment`, `index`), the last line counts; `lastResults` gives only that one.
 * - The last file may end in the middle of a batch, whose entries were not yet noted as done; it is
 *   passed over.
 * - Files that were removed are passed over, too.
 *
 * @param directory the job's, as `Job.directory` names it.
 * @throws FatalError `state-unusable` where a file is damaged elsewhere than at its torn end.
 */
export async function* readResults(directory: string, back = 0): AsyncGenerator<StoredResult> {
  const root = join(directory, 'results');
  const generation = (await resultNames(root)).at(-1 - back);
  if (generation === undefined) return;
  const folder = join(root, generation);
  const names = await resultNames(folder);
  for (const [index, name] of names.entries()) {
    const mayBeTorn = index === names.length - 1;
    for await (const { lines } of readMembers(join(folder, name), { mayBeTorn })) {
      for (const line of lines) yield storedResult(line);
    }
  }
}

/** What a folder of the log holds: generations, or files of one; in their order. */
export async function resultNames(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => /^\d+(\.jsonl\.gz)?$/.test(name)).sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/** The one constructor of read results: the line passed its checksum, so this program wrote it. */
export function storedResult(line: string): StoredResult {
  return JSON.parse(line) as StoredResult;
}
