import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { BodySink } from '../../src/model/ports.ts';
import type { Spool } from '../../src/serve/spool/spool.ts';
import {
  type SpoolSettings,
  type SpoolSpace,
  spoolSpace,
} from '../../src/serve/spool/spool-space.ts';

/** A signal of one reader who never leaves. */
export const never = (): AbortSignal => new AbortController().signal;

export const WHOLE = { from: 0, to: undefined };
export const NOTHING_USED = { spools: 0, memoryBytes: 0, diskBytes: 0 };

/** A space in a folder of its own. */
export interface SpaceUnderTest {
  readonly space: SpoolSpace;
  /** The space's directory, absent until a body needs it. */
  readonly directory: string;
  /** How many descriptors of this process point into the directory. */
  readonly openFiles: () => Promise<number>;
  readonly remove: () => Promise<void>;
}

export async function spaceUnderTest(
  settings: Partial<Omit<SpoolSettings, 'directory'>> = {},
): Promise<SpaceUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'bucketfill-spools-'));
  const directory = join(folder, 'made/on demand');
  const plain = { directory, memoryBytes: 64, sharedMemoryBytes: 0, diskBytes: 1024 * 1024 };
  const space = spoolSpace({ ...plain, ...settings });
  return {
    space,
    directory,
    openFiles: () => openFilesIn(directory),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function openFilesIn(directory: string): Promise<number> {
  const links = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
  );
  return links.filter((link) => link.startsWith(directory)).length;
}

/** Bytes of which no two stretches of a few are alike. */
export function bodyOf(length: number): Buffer {
  const body = Buffer.alloc(length);
  for (let at = 0, state = 1; at < length; at += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    body[at] = state >>> 16;
  }
  return body;
}

/** Writes in chunks as transfer does: one after another, in memory that is used again. */
export async function writeAll(spool: Spool, body: Uint8Array, chunkBytes = 1000): Promise<void> {
  const memory = Buffer.alloc(chunkBytes);
  for (let at = 0; at < body.length; at += chunkBytes) {
    const chunk = memory.subarray(0, Math.min(chunkBytes, body.length - at));
    chunk.set(body.subarray(at, at + chunk.length));
    await spool.write(chunk);
    chunk.fill('?');
  }
}

/** What a reader got so far; chunks are put together when asked for, as a slow socket does. */
export interface Collected {
  readonly sink: BodySink;
  readonly chunks: readonly Uint8Array[];
  readonly length: () => number;
  readonly bytes: () => Buffer;
}

/** @param pause awaited after each chunk */
export function collector(pause?: () => Promise<void>): Collected {
  const chunks: Uint8Array[] = [];
  return {
    chunks,
    sink: (chunk) => {
      chunks.push(chunk);
      return pause?.();
    },
    length: () => chunks.reduce((sum, { length }) => sum + length, 0),
    bytes: () => Buffer.concat(chunks),
  };
}

/** Reads a range of the body, or all of it. */
export async function readSpool(spool: Spool, from = 0, to?: number): Promise<Buffer> {
  const read = collector();
  await spool.pipeTo(read.sink, { from, to }, never());
  return read.bytes();
}

/** Waits, turn by turn of the event loop, until something holds; the test's timeout ends it. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await turn();
}

export async function turn(turns = 1): Promise<void> {
  for (let done = 0; done < turns; done += 1) await new Promise((next) => setImmediate(next));
}

/** Whether a promise has settled, looked at later. */
export function watch(promise: Promise<unknown>): { readonly settled: boolean } {
  const seen = { settled: false };
  const settle = (): void => {
    seen.settled = true;
  };
  promise.then(settle, settle);
  return seen;
}
