import { crc32 } from 'node:zlib';

import type { Entry, EntryBatch, EntrySource, SourcePosition } from '../model/entry.ts';
import { FatalError } from '../model/failure.ts';
import { batchLines } from './batch-lines.ts';
import type { ListBytes } from './list-bytes.ts';
import type { ListFormat } from './list-format.ts';

const LF = 0x0a;
const CR = 0x0d;

/** The chunks between two offsets; ends early where the list does. */
async function* between(
  bytes: ListBytes,
  start: number,
  end: number,
  signal: AbortSignal,
  chunks: 'kept' | 'passing' = 'kept',
): AsyncGenerator<Uint8Array> {
  let at = start;
  if (at >= end) return;
  for await (const chunk of bytes.read(start, signal, chunks)) {
    const part = chunk.subarray(0, end - at);
    at += part.length;
    if (part.length > 0) yield part;
    if (at >= end) return;
  }
}

/** The first `count` bytes after an offset; fewer where the list ends. */
async function bytesAfter(
  bytes: ListBytes,
  offset: number,
  count: number,
  signal: AbortSignal,
): Promise<number[]> {
  const found: number[] = [];
  for await (const chunk of between(bytes, offset, offset + count, signal)) found.push(...chunk);
  return found;
}

/**
 * Whether a line whose end was missing is still the same entry now that more may follow: nothing
 * more came, or its line end did. After CR a bare LF makes a line end of both, which takes the CR
 * from the key.
 */
function isSameLine(last: number | undefined, next: readonly number[]): boolean {
  if (last === LF || next.length === 0) return true;
  if (next[0] === LF) return last !== CR;
  return next[0] === CR && next[1] === LF;
}

/** Tells how a list is read; asked again where it failed. */
export type ResolveFormat = (signal: AbortSignal) => Promise<ListFormat>;

/** A list as a source of entries. */
class ListSource implements EntrySource {
  readonly name: string;
  readonly #bytes: ListBytes;
  readonly #resolve: ResolveFormat;
  #format: ListFormat | undefined;

  constructor(name: string, bytes: ListBytes, resolve: ResolveFormat) {
    this.name = name;
    this.#bytes = bytes;
    this.#resolve = resolve;
  }

  async *batches(from: SourcePosition, signal: AbortSignal): AsyncGenerator<EntryBatch> {
    const format = await this.#resolved(signal);
    yield* batchLines(this.name, format, this.#bytes.read(from.end, signal), from);
  }

  async reread(start: number, end: number, signal: AbortSignal): Promise<readonly Entry[]> {
    const entries: Entry[] = [];
    const format = await this.#resolved(signal);
    let reached = start;
    const bytes = this.#bytes;
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const chunk of between(bytes, start, end, signal)) {
        reached += chunk.length;
        yield chunk;
      }
    }
    // The checksum of these batches is nobody's business, so it may start anywhere.
    const from = { end: start, prefixCrc: 0 };
    for await (const batch of batchLines(this.name, format, counted(), from)) {
      entries.push(...batch.entries);
    }
    if (reached >= end) return entries;
    throw new FatalError(
      'usage',
      `${this.name} changed while it was read: its entries up to byte ${end} ended at byte ${reached}; run again with the whole list`,
    );
  }

  async startsWith(position: SourcePosition, signal: AbortSignal): Promise<boolean> {
    if (position.end === 0) return true;
    let crc = 0;
    let length = 0;
    let last: number | undefined;
    for await (const chunk of between(this.#bytes, 0, position.end, signal, 'passing')) {
      crc = crc32(chunk, crc);
      length += chunk.length;
      last = chunk.at(-1);
    }
    if (length < position.end || crc !== position.prefixCrc) return false;
    if (last === LF) return true;
    return isSameLine(last, await bytesAfter(this.#bytes, position.end, 2, signal));
  }

  async close(): Promise<void> {
    await this.#bytes.close();
  }

  async #resolved(signal: AbortSignal): Promise<ListFormat> {
    this.#format ??= await this.#resolve(signal);
    return this.#format;
  }
}

/** A list's bytes as a source of entries; how they are read is found out when it is first needed. */
export function listSource(name: string, bytes: ListBytes, resolve: ResolveFormat): EntrySource {
  return new ListSource(name, bytes, resolve);
}
