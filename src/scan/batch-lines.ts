import { crc32 } from 'node:zlib';

import type { Entry, EntryBatch, SourcePosition } from '../model/entry.ts';
import { FatalError } from '../model/failure.ts';
import { parseLine } from './parse-line.ts';

/**
 * Entries in a batch at most: as many as one page of an S3 listing has objects, so that a batch that
 * the bucket has costs one page. A few more, and most of a second one is read for nothing.
 */
const MAX_BATCH_ENTRIES = 1000;

/** Bytes of the list in a batch at most, unless one line has more. */
const MAX_BATCH_BYTES = 256 * 1024;

/** A longer line is no line of a list of keys, which have 1,024 bytes at most. */
const MAX_LINE_BYTES = 1024 * 1024;

const LF = 0x0a;
const UTF8_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const UTF16_MARKS = [Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff])];

/** How many bytes at a list's start are its byte order mark. */
function markLength(name: string, firstLine: Buffer): number {
  if (firstLine.subarray(0, 3).equals(UTF8_MARK)) return UTF8_MARK.length;
  if (!UTF16_MARKS.some((mark) => firstLine.subarray(0, 2).equals(mark))) return 0;
  throw new FatalError('usage', `${name} is UTF-16, a key list is UTF-8: save it as UTF-8`);
}

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

/**
 * Cuts a list's bytes into batches of whole lines. Takes chunks in order; bytes of a line whose end
 * has not come yet wait here, at most {@link MAX_LINE_BYTES}.
 */
class LineBatcher {
  readonly #name: string;
  /** Bytes of the line that is not complete. */
  #rest: Buffer = Buffer.alloc(0);
  #entries: Entry[] = [];
  #start: number;
  /** After the last complete line. */
  #end: number;
  #crc: number;

  constructor(name: string, from: SourcePosition) {
    this.#name = name;
    this.#start = from.end;
    this.#end = from.end;
    this.#crc = from.prefixCrc;
  }

  /** The batches that a chunk completes. */
  *add(chunk: Uint8Array): Generator<EntryBatch> {
    const bytes = asBuffer(chunk);
    const searched = this.#rest.length;
    const buffer = searched === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    let lineStart = 0;
    let summed = 0;
    let lineEnd = buffer.indexOf(LF, searched) + 1;
    while (lineEnd > 0) {
      if (this.#isFullFor(lineEnd - lineStart)) {
        this.#sum(buffer.subarray(summed, lineStart));
        summed = lineStart;
        yield this.#cut();
      }
      this.#addLine(buffer.subarray(lineStart, lineEnd));
      lineStart = lineEnd;
      lineEnd = buffer.indexOf(LF, lineStart) + 1;
    }
    this.#sum(buffer.subarray(summed, lineStart));
    this.#rest = buffer.subarray(lineStart);
    this.#assertLine(this.#rest);
  }

  /** What is complete, if it holds any entry; the last line counts as complete with `atEnd`. */
  *flush(atEnd: boolean): Generator<EntryBatch> {
    const line = this.#rest;
    if (atEnd && line.length > 0) {
      if (this.#isFullFor(line.length)) yield this.#cut();
      this.#addLine(line);
      this.#sum(line);
      this.#rest = Buffer.alloc(0);
    }
    if (this.#entries.length > 0) yield this.#cut();
  }

  #isFullFor(lineBytes: number): boolean {
    if (this.#entries.length === 0) return false;
    const full = this.#end + lineBytes - this.#start > MAX_BATCH_BYTES;
    return full || this.#entries.length >= MAX_BATCH_ENTRIES;
  }

  #addLine(line: Buffer): void {
    this.#assertLine(line);
    const skip = this.#end === 0 ? markLength(this.#name, line) : 0;
    const entry = parseLine(line.subarray(skip));
    if (entry !== undefined) this.#entries.push(entry);
    this.#end += line.length;
  }

  #assertLine(line: Buffer): void {
    if (line.length <= MAX_LINE_BYTES) return;
    // Told first, since UTF-16 text may have no line end that we would see.
    if (this.#end === 0) markLength(this.#name, line);
    throw new FatalError(
      'usage',
      `${this.#name}: the line at byte ${this.#end} has more than ${MAX_LINE_BYTES} bytes; a key list has one key of at most 1024 bytes in each line`,
    );
  }

  #sum(bytes: Buffer): void {
    if (bytes.length > 0) this.#crc = crc32(bytes, this.#crc);
  }

  #cut(): EntryBatch {
    const batch = {
      entries: this.#entries,
      start: this.#start,
      end: this.#end,
      prefixCrc: this.#crc,
    };
    this.#entries = [];
    this.#start = this.#end;
    return batch;
  }
}

/**
 * The entries of a list's bytes in batches, each of at least one entry.
 * @param name of the list, for messages.
 * @param chunks the bytes from `from` on; an empty chunk hands out what is complete.
 * @throws FatalError `usage` for UTF-16 and for absurd lines.
 */
export async function* batchLines(
  name: string,
  chunks: AsyncIterable<Uint8Array>,
  from: SourcePosition,
): AsyncGenerator<EntryBatch> {
  const batcher = new LineBatcher(name, from);
  for await (const chunk of chunks) {
    if (chunk.length === 0) yield* batcher.flush(false);
    else yield* batcher.add(chunk);
  }
  yield* batcher.flush(true);
}
