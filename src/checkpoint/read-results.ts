import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredResult } from '../model/checkpoint.ts';
import { FatalError } from '../model/failure.ts';
import { holdsMember, MEMBER_HEAD_BYTES, memberLength, unpackMember } from './result-member.ts';

/**
 * The results of a job's last begun pass, or of the pass `back` before it, in the order in which
 * they were kept. It takes no lock: it may read beside a run.
 *
 * - An entry may stand there more than once, when it was examined again: by its place
 *   (`segment`, `index`), the last line counts.
 * - The last file may end in the middle of a batch, whose entries were not yet noted as done; it is
 *   passed over.
 * - Files that were removed are passed over, too.
 *
 * @param directory the job's, as `Job.directory` names it.
 * @throws FatalError `state-unusable` where a file is damaged elsewhere than at its torn end.
 */
export async function* readResults(directory: string, back = 0): AsyncGenerator<StoredResult> {
  const root = join(directory, 'results');
  const generation = (await namesIn(root)).at(-1 - back);
  if (generation === undefined) return;
  const folder = join(root, generation);
  const names = await namesIn(folder);
  for (const [index, name] of names.entries()) {
    yield* readFile(join(folder, name), index === names.length - 1);
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => /^\d+(\.jsonl\.gz)?$/.test(name)).sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

async function* readFile(path: string, mayBeTorn: boolean): AsyncGenerator<StoredResult> {
  const file = await open(path, 'r');
  try {
    for (let position = 0; ;) {
      const member = await readMember(file, position);
      if (member === undefined) return;
      if (member.text === undefined) {
        if (mayBeTorn && (await isTornEnd(file, position))) return;
        throw new FatalError(
          'state-unusable',
          `the results file ${path} is damaged at byte ${position}: delete it to do without its lines; the checkpoint is not touched by that`,
        );
      }
      yield* linesOf(member.text);
      position += member.length;
    }
  } finally {
    await file.close();
  }
}

type Member = { readonly text: string; readonly length: number } | { readonly text: undefined };

/** Undefined at the end of the file; no text where no whole member stands there. */
async function readMember(file: FileHandle, position: number): Promise<Member | undefined> {
  const head = await readAt(file, position, MEMBER_HEAD_BYTES);
  if (head.length === 0) return undefined;
  const length = memberLength(head);
  const { size } = await file.stat();
  if (length === undefined || position + length > size) return { text: undefined };
  const text = unpackMember(await readAt(file, position, length));
  return text === undefined ? { text } : { text, length };
}

/** A torn end is the last batch: behind its first bytes no other begins. */
async function isTornEnd(file: FileHandle, position: number): Promise<boolean> {
  const { size } = await file.stat();
  return !holdsMember(await readAt(file, position + 1, size - position - 1));
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.max(length, 0));
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

function* linesOf(text: string): Generator<StoredResult> {
  for (const line of text.split('\n')) {
    if (line !== '') yield storedResult(line);
  }
}

/** The one constructor of read results: the line passed its checksum, so this program wrote it. */
function storedResult(line: string): StoredResult {
  return JSON.parse(line) as StoredResult;
}
