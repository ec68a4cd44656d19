import { isUtf8 } from 'node:buffer';
import type { FileHandle } from 'node:fs/promises';
import { CHUNK_BYTES, readChunk } from '../read-chunks.ts';
import { jsonFields, manifestEntry } from './manifest-fields.ts';

const LF = 0x0a;

/** A line of a manifest that no scan wrote. */
export interface ForeignLine {
  /** From 1. */
  readonly line: number;
  /** What is wrong, in words. */
  readonly problem: string;
}

/**
 * Looks for the first line of a manifest that can't be read, once it is known that there is one:
 * who sorts lines doesn't count them.
 * @param bytes whole lines up to here count
 */
export async function foreignLine(
  handle: FileHandle,
  bytes: number,
): Promise<ForeignLine | undefined> {
  let line = 0;
  let rest: Uint8Array = Buffer.alloc(0);
  for (let at = 0; at < bytes;) {
    const chunk = await readChunk(handle, at, Math.min(CHUNK_BYTES, bytes - at));
    if (chunk.length === 0) return { line: line + 1, problem: 'the file ends here, cut short' };
    at += chunk.length;
    const buffer = Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = buffer.indexOf(LF); end >= 0; end = buffer.indexOf(LF, start)) {
      line += 1;
      const problem = problemOf(buffer.subarray(start, end));
      if (problem !== undefined) return { line, problem };
      start = end + 1;
    }
    rest = buffer.subarray(start);
  }
  return rest.length === 0 ? undefined : { line: line + 1, problem: 'the line is cut' };
}

function problemOf(line: Buffer): string | undefined {
  if (!isUtf8(line)) return 'the line is not UTF-8';
  try {
    manifestEntry(jsonFields(line.toString()));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
