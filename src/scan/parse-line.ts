import { isUtf8 } from 'node:buffer';

import type { Entry } from '../model/entry.ts';
import { keyProblem, objectKey } from '../model/object-key.ts';

const LF = 0x0a;
const CR = 0x0d;

/**
 * The entry in one line of a plain list; undefined for a blank one. Only the line end (LF or CR LF)
 * is taken off: spaces and everything else belong to the key.
 * @param line with its line end, if it has one; without a byte order mark.
 */
export function parseLine(line: Buffer): Entry | undefined {
  let end = line.length;
  if (line[end - 1] === LF) {
    end -= 1;
    if (line[end - 1] === CR) end -= 1;
  }
  if (end === 0) return undefined;
  const bytes = line.subarray(0, end);
  if (!isUtf8(bytes)) {
    return { invalid: { keyBase64: bytes.toString('base64') }, reason: 'the key is not UTF-8' };
  }
  const key = bytes.toString('utf8');
  const problem = keyProblem(key);
  if (problem !== undefined) return { invalid: { key }, reason: problem };
  return { key: objectKey(key) };
}
