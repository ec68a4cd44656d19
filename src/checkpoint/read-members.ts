import { type FileHandle, open } from 'node:fs/promises';
import { FatalError } from '../model/failure.ts';
import { holdsMember, MEMBER_HEAD_BYTES, memberLength, unpackMember } from './result-member.ts';

/** A batch of results as it stands in its file. */
export interface ReadMember {
  readonly lines: readonly string[];
  /** Its first byte. */
  readonly position: number;
}

/**
 * The batches of a results file, in order.
 * @param end where the last one that counts ends; without it, the file is read to its own end,
 *   where half a batch may stand when `mayBeTorn` says so.
 * @throws FatalError `state-unusable` where the file is damaged, or is gone.
 */
export async function* readMembers(
  path: string,
  { end, mayBeTorn = false }: { readonly end?: number | undefined; readonly mayBeTorn?: boolean },
): AsyncGenerator<ReadMember> {
  const file = await openResults(path);
  try {
    for (let position = 0; position < (end ?? Number.POSITIVE_INFINITY);) {
      const member = await readMember(file, position);
      if (member === undefined && end === undefined) return;
      if (member?.text === undefined) {
        if (mayBeTorn && (await isTornEnd(file, position))) return;
        throw damaged(path, position);
      }
      yield { lines: linesOf(member.text), position };
      position += member.length;
    }
  } finally {
    await file.close();
  }
}

/**
 * The batches of a results file from the last to the first. Only where each begins is held, which
 * their heads tell.
 * @param end where the last one that counts ends; undefined: at the end of the file
 * @throws FatalError `state-unusable` where the file is damaged, or is gone.
 */
export async function* readMembersBackwards(
  path: string,
  end: number | undefined,
): AsyncGenerator<ReadMember> {
  const file = await openResults(path);
  try {
    for (const position of (await positionsIn(file, path, end)).toReversed()) {
      const member = await readMember(file, position);
      if (member?.text === undefined) throw damaged(path, position);
      yield { lines: linesOf(member.text), position };
    }
  } finally {
    await file.close();
  }
}

async function positionsIn(
  file: FileHandle,
  path: string,
  end: number | undefined,
): Promise<readonly number[]> {
  const stop = end ?? (await file.stat()).size;
  const positions: number[] = [];
  for (let position = 0; position < stop;) {
    const length = memberLength(await readAt(file, position, MEMBER_HEAD_BYTES));
    if (length === undefined) throw damaged(path, position);
    positions.push(position);
    position += length;
  }
  return positions;
}

async function openResults(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const why = `the results file ${path} can't be read (${error.message}): make it readable, or try again where a run began just now`;
    throw new FatalError('state-unusable', why, error);
  }
}

function damaged(path: string, position: number): FatalError {
  return new FatalError(
    'state-unusable',
    `the results file ${path} is damaged at byte ${position}: delete it to do without its lines; the checkpoint is not touched by that`,
  );
}

type Found = { readonly text: string; readonly length: number } | { readonly text: undefined };

/** Undefined at the end of the file; no text where no whole member stands there. */
async function readMember(file: FileHandle, position: number): Promise<Found | undefined> {
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

function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
}
