import { type AskedRange, type PartOfObject, partLength, partOf } from '../model/byte-range.ts';
import { constants } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

import type { StoredAnswer, StoredObject } from '../model/bucket.ts';
import { Failure } from '../model/failure.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { BodySink } from '../model/ports.ts';
import { identityOf, readDescription, undescribedObject } from './file-description.ts';
import { asBucketFailure, isAbsence, isBadName } from './file-failure.ts';
import { findObjectFile, objectFileAt } from './file-tree.ts';
import type { FileTree, ObjectFile } from './file-tree.ts';

/** Bytes read at once. */
const CHUNK_BYTES = 256 * 1024;

/** How often an object is looked at again that was replaced meanwhile. */
const MAX_LOOKS = 20;

/**
 * What is known of the version of `key` at `path` that `stats` tell of.
 * @returns undefined where that version has been replaced meanwhile: look again.
 */
async function describeVersion(
  tree: FileTree,
  key: ObjectKey,
  path: string,
  stats: BigIntStats,
): Promise<StoredObject | undefined> {
  const size = Number(stats.size);
  const lastModifiedMs = Number(stats.mtimeMs);
  const description = await readDescription(tree, key, stats);
  if (description !== undefined) return { ...description, size, lastModifiedMs };
  const now = await objectFileAt(tree, path);
  // A writer that replaces a version removes its description, so only a version that still
  // stands there can be one that never had any.
  if (now === undefined || identityOf(now.stats) !== identityOf(stats)) return undefined;
  return undescribedObject(key, stats);
}

function changesTooOften(key: ObjectKey): Failure {
  const subject = JSON.stringify(key);
  return new Failure('BUCKET_REFUSED', `${subject} was replaced over and over while it was read`);
}

/** The object that a file holds; undefined where the file is gone. */
export async function objectInFile(
  tree: FileTree,
  key: ObjectKey,
  file: ObjectFile,
): Promise<StoredObject | undefined> {
  let current: ObjectFile | undefined = file;
  for (let look = 1; look <= MAX_LOOKS; look += 1) {
    const object = await describeVersion(tree, key, current.path, current.stats);
    if (object !== undefined) return object;
    current = await findObjectFile(tree, key);
    if (current === undefined) return undefined;
  }
  throw changesTooOften(key);
}

async function openRegularFile(path: string): Promise<FileHandle | undefined> {
  // Without O_NONBLOCK a pipe that took the file's place would hang the open.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  try {
    return await open(path, flags);
  } catch (error) {
    if (isAbsence(error) || isBadName(error)) return undefined;
    throw error;
  }
}

interface OpenObject {
  readonly handle: FileHandle;
  readonly object: StoredObject;
}

async function openVersion(
  tree: FileTree,
  key: ObjectKey,
  file: ObjectFile,
): Promise<OpenObject | undefined> {
  const handle = await openRegularFile(tree.directories.absolute(file.path));
  if (handle === undefined) return undefined;
  let object: StoredObject | undefined;
  try {
    const stats = await handle.stat({ bigint: true });
    if (stats.isFile()) object = await describeVersion(tree, key, file.path, stats);
  } finally {
    if (object === undefined) await handle.close();
  }
  return object === undefined ? undefined : { handle, object };
}

async function openObject(tree: FileTree, key: ObjectKey): Promise<OpenObject | undefined> {
  for (let look = 1; look <= MAX_LOOKS; look += 1) {
    const file = await findObjectFile(tree, key);
    if (file === undefined) return undefined;
    const opened = await openVersion(tree, key, file);
    if (opened !== undefined) return opened;
  }
  throw changesTooOften(key);
}

class FileAnswer implements StoredAnswer {
  readonly object: StoredObject;
  readonly part: PartOfObject;
  /** Where the body begins in the file, and how many bytes it has. */
  readonly #start: number;
  readonly #length: number;
  readonly #handle: FileHandle;
  readonly #bucket: string;
  readonly #signal: AbortSignal;

  constructor(
    { handle, object }: OpenObject,
    bucket: string,
    signal: AbortSignal,
    range: AskedRange | undefined,
  ) {
    this.object = object;
    this.part = partOf(range, object.size);
    this.#start = typeof this.part === 'object' ? this.part.first : 0;
    this.#length = partLength(this.part, object.size);
    this.#handle = handle;
    this.#bucket = bucket;
    this.#signal = signal;
  }

  async bytes(limit: number): Promise<Uint8Array> {
    const length = this.#length;
    if (length > limit) {
      const what = this.part === undefined ? 'has' : 'was asked for';
      const subject = JSON.stringify(this.object.key);
      const message = `${subject} in bucket ${this.#bucket} ${what} ${length} bytes, expected at most ${limit}`;
      throw new Failure('LENGTH_MISMATCH', message);
    }
    const whole = new Uint8Array(length);
    for (let at = 0; at < length;) {
      at += await this.#readInto(whole.subarray(at, at + CHUNK_BYTES), this.#start + at);
    }
    return whole;
  }

  async pipeTo(sink: BodySink): Promise<number> {
    const length = this.#length;
    for (let at = 0; at < length;) {
      const chunk = new Uint8Array(Math.min(CHUNK_BYTES, length - at));
      const bytesRead = await this.#readInto(chunk, this.#start + at);
      at += bytesRead;
      await sink(chunk.subarray(0, bytesRead));
    }
    return length;
  }

  /** @returns how many bytes were read: at least one */
  async #readInto(chunk: Uint8Array, position: number): Promise<number> {
    this.#signal.throwIfAborted();
    const { key, size } = this.object;
    const subject = JSON.stringify(key);
    try {
      const { bytesRead } = await this.#handle.read({ buffer: chunk, position });
      if (bytesRead > 0) return bytesRead;
    } catch (error) {
      throw asBucketFailure(error, this.#bucket, `read ${subject}`, this.#signal);
    }
    const message = `${subject} in bucket ${this.#bucket} ended after ${position} of ${size} bytes: its file was cut meanwhile`;
    throw new Failure('LENGTH_MISMATCH', message);
  }
}

/** Gives the object of a key, or a range of it, to `reader`: one version from end to end. */
export async function readObject<T>(
  tree: FileTree,
  bucket: string,
  key: ObjectKey,
  reader: (answer: StoredAnswer) => Promise<T>,
  signal: AbortSignal,
  range: AskedRange | undefined,
): Promise<T | undefined> {
  signal.throwIfAborted();
  let opened: OpenObject | undefined;
  try {
    opened = await openObject(tree, key);
  } catch (error) {
    throw asBucketFailure(error, bucket, `read ${JSON.stringify(key)}`, signal);
  }
  if (opened === undefined) return undefined;
  try {
    return await reader(new FileAnswer(opened, bucket, signal, range));
  } finally {
    await opened.handle.close();
  }
}
