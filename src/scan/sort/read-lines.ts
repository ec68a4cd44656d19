import { isUtf8 } from 'node:buffer';

const LF = 0x0a;

/** A line holds a key, what is known of its object, and an origin key: all of them are short. */
const MAX_LINE_BYTES = 1024 * 1024;

/** The bytes of a file at an offset; fewer than `length` only where the file ends. */
export type ReadAt = (at: number, length: number) => Promise<Uint8Array>;

/** Which bytes of a file, and how many of them are read at once. */
export interface LineRange {
  readonly start: number;
  readonly end: number;
  readonly chunkBytes: number;
}

/**
 * The lines of a part of a file, without their ends, as many at once as come together.
 * @throws SyntaxError where the part does not end with a line, is cut or is not UTF-8; the
 * signal's reason.
 */
export async function* readLines(
  readAt: ReadAt,
  { start, end, chunkBytes }: LineRange,
  signal: AbortSignal,
): AsyncGenerator<readonly string[]> {
  let rest: Uint8Array = Buffer.alloc(0);
  for (let at = start; at < end;) {
    signal.throwIfAborted();
    const chunk = await readAt(at, Math.min(chunkBytes, end - at));
    if (chunk.length === 0) throw new SyntaxError(`it ends at byte ${at}, expected ${end} bytes`);
    at += chunk.length;
    const last = chunk.lastIndexOf(LF);
    if (last < 0) {
      rest = Buffer.concat([rest, chunk]);
      if (rest.length > MAX_LINE_BYTES) throw new SyntaxError('a line is absurdly long');
      continue;
    }
    const whole = chunk.subarray(0, last);
    const bytes = rest.length === 0 ? whole : Buffer.concat([rest, whole]);
    if (!isUtf8(bytes)) throw new SyntaxError('it is not UTF-8');
    rest = chunk.subarray(last + 1);
    yield Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString().split('\n');
  }
  if (rest.length > 0) throw new SyntaxError('its last line is cut');
}
