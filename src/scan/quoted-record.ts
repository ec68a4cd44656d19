import { lineEnd } from './list-format.ts';

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;

/**
 * No record that spans lines is longer: a quote that is open for so long was never meant to be
 * closed. Twice the largest key, with every quote doubled, and a long URL fit many times.
 */
const MAX_SPAN_BYTES = 64 * 1024;

/**
 * Where a record of a table ends (RFC 4180, 2): at its line end, unless that stands in a quoted
 * field. A record whose quotes don't match ends with its line, so that it takes none of the
 * following ones with it; {@link splitFields} then finds it bad.
 * @param separator one ASCII byte
 * @returns undefined where more bytes are needed to tell.
 */
export function quotedRecordEnd(
  separator: number,
  buffer: Buffer,
  start: number,
  atEnd: boolean,
): number | undefined {
  const lf = buffer.indexOf(LF, start);
  const line = lineEnd(buffer, start, start, atEnd);
  if (!buffer.subarray(start, lf < 0 ? undefined : lf).includes(QUOTE)) return line;
  const end = endOfFields(separator, buffer, start, atEnd);
  if (end === 'bad') return line;
  const span = (end === 'open' ? buffer.length : end) - start;
  // What ends with its line may be of any length.
  if (end !== 'open') return end === line || span <= MAX_SPAN_BYTES ? end : line;
  return atEnd || span > MAX_SPAN_BYTES ? line : undefined;
}

/** `open`: the bytes end in a quoted field, or where it could still go on. */
type End = number | 'bad' | 'open';

function endOfFields(separator: number, buffer: Buffer, start: number, atEnd: boolean): End {
  for (let at = start; ;) {
    const end =
      buffer[at] === QUOTE
        ? endOfQuoted(buffer, at, atEnd)
        : endOfPlain(separator, buffer, at, atEnd);
    if (typeof end !== 'number') return end;
    if (buffer[end] !== separator) return endOfRecord(buffer, end, atEnd);
    at = end + 1;
  }
}

/** Behind the line end that a field is followed by. */
function endOfRecord(buffer: Buffer, at: number, atEnd: boolean): End {
  const isOver = (index: number): boolean => index >= buffer.length;
  if (isOver(at)) return atEnd ? at : 'open';
  if (buffer[at] === LF) return at + 1;
  if (buffer[at] !== CR) return 'bad';
  if (isOver(at + 1)) return atEnd ? 'bad' : 'open';
  return buffer[at + 1] === LF ? at + 2 : 'bad';
}

/** Behind the closing quote of the field that begins at `start`. */
function endOfQuoted(buffer: Buffer, start: number, atEnd: boolean): End {
  for (let at = start + 1; ;) {
    const quote = buffer.indexOf(QUOTE, at);
    if (quote < 0) return 'open';
    if (quote + 1 === buffer.length && !atEnd) return 'open';
    if (buffer[quote + 1] !== QUOTE) return quote + 1;
    at = quote + 2;
  }
}

function endOfPlain(separator: number, buffer: Buffer, start: number, atEnd: boolean): End {
  for (let at = start; at < buffer.length; at += 1) {
    if (buffer[at] === separator || buffer[at] === LF) return at;
  }
  return atEnd ? buffer.length : 'open';
}

/**
 * The fields of one record without its line end. A field that begins with a quote is a quoted one,
 * in which `""` stands for a quote; anywhere else a quote is a character like any other.
 * @returns undefined where the quotes don't match.
 */
export function splitFields(text: string, separator: string): readonly string[] | undefined {
  if (!text.includes('"')) return text.split(separator);
  const fields: string[] = [];
  for (let at = 0; ;) {
    const isQuoted = text[at] === '"';
    const end = isQuoted ? closingQuote(text, at) : indexOrEnd(text, separator, at);
    if (end === undefined) return undefined;
    fields.push(isQuoted ? text.slice(at + 1, end - 1).replaceAll('""', '"') : text.slice(at, end));
    if (end >= text.length) return fields;
    if (text[end] !== separator) return undefined;
    at = end + 1;
  }
}

function indexOrEnd(text: string, separator: string, from: number): number {
  const found = text.indexOf(separator, from);
  return found < 0 ? text.length : found;
}

/** Behind the quote that closes the field which begins at `start`. */
function closingQuote(text: string, start: number): number | undefined {
  for (let at = start + 1; ;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return undefined;
    if (text[quote + 1] !== '"') return quote + 1;
    at = quote + 2;
  }
}
