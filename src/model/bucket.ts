import type { ObjectKey } from './object-key.ts';
import type { Body, BodySink, Headers } from './ports.ts';

/** What is kept beside an object's bytes. */
export interface ObjectMetadata {
  /** Headers that S3 has fields for: content-type, cache-control, … */
  readonly headers: Headers;
  /** User metadata, names without `x-amz-meta-`. */
  readonly metadata: Headers;
}

/** What a listing tells of an object. */
export interface ListedObject {
  readonly key: ObjectKey;
  /** Bytes. */
  readonly size: number;
  /** With its quotes. */
  readonly etag: string;
  /** Milliseconds since the epoch. */
  readonly lastModifiedMs: number;
}

export interface StoredObject extends ListedObject, ObjectMetadata {}

/** Which keys a listing is about. */
export interface ListRange {
  /** The keys start with it; '' for all. */
  readonly prefix: string;
  /** The keys come behind it, by their UTF-8 bytes. */
  readonly after?: string | undefined;
}

export interface StoredAnswer extends Body {
  readonly object: StoredObject;
}

export interface WriteOptions {
  /** Store only where nothing is; losing to another writer is the outcome `exists`. */
  readonly ifAbsent: boolean;
  /** Bytes, where the body's length is known before it. */
  readonly length?: number | undefined;
  /** What follows is for S3 stores; a directory has no use for it. */
  readonly storageClass?: string | undefined;
  readonly tags?: Headers | undefined;
  readonly multipart?: MultipartSettings | undefined;
}

/** How a large object is cut into parts. */
export interface MultipartSettings {
  /** Objects up to this size go in one request. */
  readonly thresholdBytes: number;
  readonly partSizeBytes: number;
  /** Parts of one object under way at once. */
  readonly concurrency: number;
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
  /** Pages of objects in `range`, by the keys' UTF-8 bytes. */
  list(range: ListRange, signal: AbortSignal): AsyncIterable<readonly ListedObject[]>;
  /**
   * Stores a small object in one go. Throws as `head`, and FatalError `bucket-unusable` where no
   * other object could be stored either.
   */
  putBytes(
    key: ObjectKey,
    bytes: Uint8Array,
    metadata: ObjectMetadata,
    options: WriteOptions,
    signal: AbortSignal,
  ): Promise<WriteResult>;
  /** Starts storing a larger object, or one of unknown length. Throws as `putBytes`. */
  openUpload(
    key: ObjectKey,
    metadata: ObjectMetadata,
    options: WriteOptions,
    signal: AbortSignal,
  ): Promise<Upload>;
}
