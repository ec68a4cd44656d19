import { FatalError } from '../model/failure.ts';
import { markLength } from './byte-order-mark.ts';
import { JSON_LINES_FORMAT, refuseJsonArray } from './json-lines-format.ts';
import { GCS_FIRST_LINE, isGcsHead, type KeysFormat } from './keys-format.ts';
import type { ListBytes } from './list-bytes.ts';
import { type ListFormat, lineEnd } from './list-format.ts';
import { PLAIN_FORMAT } from './plain-format.ts';
import { quotedRecordEnd } from './quoted-record.ts';
import { headedTable } from './table-format.ts';
import { GCS_TSV_FORMAT, URL_KEY_FORMAT } from './url-formats.ts';

/** A header is never longer. */
const MAX_HEADER_BYTES = 1024 * 1024;

/** Told of what is passed over, in a line for people. */
export type Note = (line: string) => void;

/** A format of which a list's bytes are enough to read it. */
export type SingleFileFormat = Exclude<KeysFormat, 's3-inventory'>;

/** The list's beginning, as far as `isEnough` wants it, or all of it. */
export async function readHead(
  bytes: ListBytes,
  isEnough: (head: Buffer) => boolean,
  signal: AbortSignal,
): Promise<Buffer> {
  let head = Buffer.alloc(0);
  for await (const chunk of bytes.read(0, signal)) {
    head = Buffer.concat([head, chunk]);
    if (isEnough(head)) break;
  }
  return head;
}

/** Whether a head holds the first line, or enough of it to tell a format by. */
export function isFirstLine(head: Buffer): boolean {
  return head.includes(0x0a) || head.length > 64;
}

/**
 * Reads of a list what has to be known before its records can be: a header, where the format has
 * one.
 * @throws FatalError `usage` where that is not what the format asks for.
 */
export async function readFormat(
  name: string,
  format: SingleFileFormat,
  bytes: ListBytes,
  note: Note,
  signal: AbortSignal,
): Promise<ListFormat> {
  switch (format) {
    case 'plain':
      return PLAIN_FORMAT;
    case 'url-key':
      return URL_KEY_FORMAT;
    case 'jsonl':
      refuseJsonArray(name, await readHead(bytes, isFirstLine, signal));
      return JSON_LINES_FORMAT;
    case 'gcs-tsv':
      return gcsFormat(name, await readHead(bytes, isFirstLine, signal));
    case 'csv':
      return readTable(name, ',', bytes, note, signal);
    case 'tsv':
      return readTable(name, '\t', bytes, note, signal);
  }
}

function gcsFormat(name: string, head: Buffer): ListFormat {
  if (head.length === 0 || isGcsHead(head)) return GCS_TSV_FORMAT;
  const what = `its first line is not ${GCS_FIRST_LINE}, which a gcs-tsv list begins with`;
  throw new FatalError('usage', `${name}: ${what}`);
}

async function readTable(
  name: string,
  separator: ',' | '\t',
  bytes: ListBytes,
  note: Note,
  signal: AbortSignal,
): Promise<ListFormat> {
  const end = (head: Buffer, atEnd: boolean): number | undefined =>
    quotedRecordEnd(separator.charCodeAt(0), head, 0, atEnd);
  const isEnough = (head: Buffer): boolean =>
    end(head, false) !== undefined || head.length > MAX_HEADER_BYTES;
  const head = await readHead(bytes, isEnough, signal);
  const mark = markLength(name, head);
  // No bytes are no keys, and ask for no header.
  if (head.length === mark) return PLAIN_FORMAT;
  const header = head.subarray(mark, end(head, true) ?? lineEnd(head, 0, 0, true));
  return headedTable(name, separator, header, note);
}
