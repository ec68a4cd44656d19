import type { ObjectKey } from './object-key.ts';
import type { Body, BodySink, Headers } from './ports.ts';

/** What is kept beside an object's bytes. */
export interface ObjectMetadata {
  /** Headers that S3 has fields for: content-type, cache-control, … */
  readonly headers: Headers;
  /** User metadata, names without `x-amz-meta-`. */
  readonly metadata: Headers;
}

export interface StoredObject extends ObjectMetadata {
  readonly key: ObjectKey;
  /** Bytes. */
  readonly size: number;
  /** With its quotes. */
  readonly etag: string;
  /** Milliseconds since the epoch. */
  readonly lastModifiedMs: number;
}

export interface StoredAnswer extends Body {
  readonly object: StoredObject;
}

export interface WriteOptions {
  /** Store only where nothing is; losing to another writer is the outcome `exists`. */
  readonly ifAbsent: boolean;
}

export type WriteResult =
  { readonly outcome: 'stored'; readonly etag: string } | { readonly outcome: 'exists' };

/**
 * One object on its way in. Nothing of it can be seen in the bucket before `commit` resolves, and
 * an upload that is aborted, or forgotten by a crash, changes nothing there.
 */
export interface Upload {
  readonly write: BodySink;
  commit(): Promise<WriteResult>;
  /** Never throws: a failed abort leaves rubbish for `cleanup`, not a wrong object. */
  abort(): Promise<void>;
}

/** Where objects land. Every write is atomic: the old object, or the new one, never between. */
export interface Bucket {
  /** The bucket's URL as shown to people. */
  readonly name: string;
  /**
   * @returns undefined where the bucket has no such object.
   * @throws Failure `BUCKET_*` for anything that is not a plain answer, `KEY_INVALID` where this
   * bucket can't hold the key.
   */
  head(key: ObjectKey, signal: AbortSignal): Promise<StoredObject | undefined>;
  /** Gives the object to `reader`; undefined where there is none. Throws as `head`. */
  read<T>(
    key: ObjectKey,
    reader: (answer: StoredAnswer) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T | undefined>;
  /** Pages of objects whose keys start with `prefix`, by the keys' UTF-8 bytes. */
  list(prefix: string, signal: AbortSignal): AsyncIterable<readonly StoredObject[]>;
  /** Stores a small object in one go. Throws as `head`. */
  putBytes(
    key: ObjectKey,
    bytes: Uint8Array,
    metadata: ObjectMetadata,
    options: WriteOptions,
    signal: AbortSignal,
  ): Promise<WriteResult>;
  /** Starts storing a larger object, or one of unknown length. Throws as `head`. */
  openUpload(
    key: ObjectKey,
    metadata: ObjectMetadata,
    options: WriteOptions,
    signal: AbortSignal,
  ): Promise<Upload>;
}
