import type { Entry } from '../model/entry.ts';

const LF = 0x0a;
const CR = 0x0d;

/** How the bytes of a list are cut into records, and what a record says. */
export interface ListFormat {
  /**
   * Where the record that begins at `start` ends: behind its line end. Undefined where more bytes
   * are needed to tell.
   * @param searched up to here an earlier call found no end
   * @param atEnd nothing comes behind the buffer
   */
  recordEnd(buffer: Buffer, start: number, searched: number, atEnd: boolean): number | undefined;
  /**
   * The entry in one record; undefined for a record that holds none: a blank line, a header.
   * @param record with its line end, if it has one; without a byte order mark
   * @param at its first byte in the list
   */
  entry(record: Buffer, at: number): Entry | undefined;
}

/** Records that are lines, whatever stands in them. */
export function lineEnd(
  buffer: Buffer,
  _start: number,
  searched: number,
  atEnd: boolean,
): number | undefined {
  const end = buffer.indexOf(LF, searched);
  if (end >= 0) return end + 1;
  return atEnd ? buffer.length : undefined;
}

/** A record without its line end, LF or CR LF. */
export function withoutLineEnd(record: Buffer): Buffer {
  let end = record.length;
  if (record[end - 1] !== LF) return record;
  end -= 1;
  if (record[end - 1] === CR) end -= 1;
  return record.subarray(0, end);
}

/** A record that names no key. What stands in it may be a secret URL, so none of it is shown. */
export function keyless(problem: string, at: number): Entry {
  return { invalid: { key: '' }, reason: `the record at byte ${at} of the list ${problem}` };
}
