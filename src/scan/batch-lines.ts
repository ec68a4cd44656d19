import { crc32 } from 'node:zlib';

import type { Entry, EntryBatch, SourcePosition } from '../model/entry.ts';
import { FatalError } from '../model/failure.ts';
import { markLength } from './byte-order-mark.ts';
import type { ListFormat } from './list-format.ts';

/**
 * Entries in a batch at most: as many as one page of an S3 listing has objects, so that a batch that
 * the bucket has costs one page. A few more, and most of a second one is read for nothing.
 */
const MAX_BATCH_ENTRIES = 1000;

/** Bytes of the list in a batch at most, unless one line has more. */
const MAX_BATCH_BYTES = 256 * 1024;

/** A longer line is no line of a list of keys, which have 1,024 bytes at most. */
const MAX_LINE_BYTES = 1024 * 1024;

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

/**
 * Cuts a list's bytes into batches of whole records, which are lines in most formats. Takes chunks
 * in order; bytes of a record whose end has not come yet wait here, at most {@link MAX_LINE_BYTES}.
 */
class LineBatcher {
  readonly #name: string;
  readonly #format: ListFormat;
  /** Bytes of the line that is not complete. */
  #rest: Buffer = Buffer.alloc(0);
  #entries: Entry[] = [];
  #start: number;
  /** After the last complete line. */
  #end: number;
  #crc: number;

  constructor(name: string, format: ListFormat, from: SourcePosition) {
    this.#name = name;
    this.#format = format;
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
    for (;;) {
      const lineEnd = this.#format.recordEnd(
        buffer,
        lineStart,
        Math.max(searched, lineStart),
        false,
      );
      if (lineEnd === undefined) break;
      if (this.#isFullFor(lineEnd - lineStart)) {
        this.#sum(buffer.subarray(summed, lineStart));
        summed = lineStart;
        yield this.#cut();
      }
      this.#addLine(buffer.subarray(lineStart, lineEnd));
      lineStart = lineEnd;
    }
    this.#sum(buffer.subarray(summed, lineStart));
    this.#rest = buffer.subarray(lineStart);
    this.#assertLine(this.#rest);
  }

  /** What is complete, if it holds any entry; the last line counts as complete with `atEnd`. */
  *flush(atEnd: boolean): Generator<EntryBatch> {
    while (atEnd && this.#rest.length > 0) {
      const lineEnd = this.#format.recordEnd(this.#rest, 0, 0, true) ?? this.#rest.length;
      const line = this.#rest.subarray(0, lineEnd);
      if (this.#isFullFor(line.length)) yield this.#cut();
      this.#addLine(line);
      this.#sum(line);
      this.#rest = this.#rest.subarray(lineEnd);
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
    const entry = this.#format.entry(line.subarray(skip), this.#end);
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
 * @param format how the bytes are read
 * @param chunks the bytes from `from` on; an empty chunk hands out what is complete.
 * @throws FatalError `usage` for UTF-16 and for absurd lines.
 */
export async function* batchLines(
  name: string,
  format: ListFormat,
  chunks: AsyncIterable<Uint8Array>,
  from: SourcePosition,
): AsyncGenerator<EntryBatch> {
  const batcher = new LineBatcher(name, format, from);
  for await (const chunk of chunks) {
    if (chunk.length === 0) yield* batcher.flush(false);
    else yield* batcher.add(chunk);
  }
  yield* batcher.flush(true);
}
