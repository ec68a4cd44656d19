import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { crc32, gunzip } from 'node:zlib';
import { FatalError } from '../../model/failure.ts';
import type { GenerationEntry } from '../../model/generation.ts';
import { diskFailure } from '../sort/disk-failure.ts';
import { CHUNK_BYTES, readChunk } from '../read-chunks.ts';
import { dataPath, type SealedHead } from './generation-head.ts';
import { generationEntry } from './generation-line.ts';
import { GENERATION } from './generation-writer.ts';

/** Entries that are given out at once. */
const BATCH_ENTRIES = 1000;

/** Members that are unpacked beside the parsing of their lines. */
const MOST_AHEAD = 2;

const unpack = promisify<Uint8Array, { readonly chunkSize: number }, Buffer>(gunzip);

/** More than a member's text: it is unpacked in one go. */
const UNPACKED_BYTES = 1024 * 1024;

/**
 * What is wrong with the data of a generation, in words; undefined where it is as it was written.
 * @throws what the file system says, also where there is no file.
 */
export async function dataProblem(folder: string, head: SealedHead): Promise<string | undefined> {
  const handle = await open(dataPath(folder, head.id), 'r');
  try {
    const { size } = await handle.stat();
    const expected = head.members.reduce((sum, bytes) => sum + bytes, 0);
    if (size !== expected) return `it has ${size} bytes, expected ${expected}`;
    const memory = new Uint8Array(CHUNK_BYTES);
    let crc = 0;
    for (let at = 0; at < size;) {
      const chunk = await readChunk(handle, at, CHUNK_BYTES, memory);
      if (chunk.length === 0) return `it ends at byte ${at}, expected ${expected}`;
      crc = crc32(chunk, crc);
      at += chunk.length;
    }
    return crc === head.crc ? undefined : 'its data fails its CRC-32';
  } finally {
    await handle.close();
  }
}

/** The entries of a generation whose data was found whole. @throws FatalError `state-unusable`. */
export async function* readGeneration(
  folder: string,
  head: SealedHead,
  signal: AbortSignal,
): AsyncGenerator<readonly GenerationEntry[]> {
  const file = dataPath(folder, head.id);
  try {
    const handle = await open(file, 'r');
    try {
      for await (const text of unpackedMembers(handle, head.members, signal)) {
        for (const entries of entriesOf(text)) {
          signal.throwIfAborted();
          yield entries;
        }
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw changedSince(error, file) ?? diskFailure(error, GENERATION, file);
  }
}

async function* unpackedMembers(
  handle: FileHandle,
  members: readonly number[],
  signal: AbortSignal,
): AsyncGenerator<string> {
  const ahead: Promise<Buffer>[] = [];
  let at = 0;
  try {
    for (const bytes of members) {
      signal.throwIfAborted();
      const unpacked = memberAt(handle, at, bytes);
      at += bytes;
      // Told when its turn comes.
      unpacked.catch(() => undefined);
      ahead.push(unpacked);
      if (ahead.length > MOST_AHEAD) yield await textOf(ahead);
    }
    while (ahead.length > 0) yield await textOf(ahead);
  } finally {
    await Promise.allSettled(ahead);
  }
}

async function memberAt(handle: FileHandle, at: number, bytes: number): Promise<Buffer> {
  return unpack(await readChunk(handle, at, bytes), { chunkSize: UNPACKED_BYTES });
}

async function textOf(ahead: Promise<Buffer>[]): Promise<string> {
  const next = await ahead.shift();
  return next?.toString() ?? '';
}

function* entriesOf(text: string): Generator<readonly GenerationEntry[]> {
  const lines = text.split('\n');
  // Behind the last line's end.
  lines.pop();
  for (let at = 0; at < lines.length; at += BATCH_ENTRIES) {
    yield lines.slice(at, at + BATCH_ENTRIES).map(generationEntry);
  }
}

/** Told where the data is not any more what it was when it was checked. */
function changedSince(error: unknown, file: string): FatalError | undefined {
  if (!(error instanceof Error)) return undefined;
  const isOurs = 'code' in error && String(error.code).startsWith('Z_');
  if (!isOurs && !(error instanceof SyntaxError)) return undefined;
  const line = `${file} was changed while it was read (${error.message}): run again, a generation that is damaged is passed over`;
  return new FatalError('state-unusable', line, error);
}
