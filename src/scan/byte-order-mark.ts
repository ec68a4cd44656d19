import { FatalError } from '../model/failure.ts';

const UTF8_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const UTF16_MARKS = [Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff])];

/**
 * How many bytes at a list's start are its byte order mark.
 * @throws FatalError `usage` for UTF-16.
 */
export function markLength(name: string, firstBytes: Buffer): number {
  if (firstBytes.subarray(0, 3).equals(UTF8_MARK)) return UTF8_MARK.length;
  if (!UTF16_MARKS.some((mark) => firstBytes.subarray(0, 2).equals(mark))) return 0;
  throw new FatalError('usage', `${name} is UTF-16, a key list is UTF-8: save it as UTF-8`);
}
