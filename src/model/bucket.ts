import type { AskedRange, PartOfObject } from './byte-range.ts';
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
  /** Of the whole object, also where the body is a part. */
  readonly object: StoredObject;
  /**
   * What of the object the body is: undefined for the whole; `none`, with an empty body, where the
   * range that was asked for holds no byte of it.
   */
  readonly part: PartOfObject;
}

export interface ReadOptions {
  readonly range?: AskedRange | undefined;
}

/** How far an upload has come that a later run may go on with. */
export interface UploadMark {
  /** The first bytes of the object, as many as this, are in the bucket's hands for good. */
  readonly bytes: number;
  /** What the bucket knows the upload by; nobody else reads it. */
  readonly token: string;
}

/** What makes an upload last beyond the run. */
export interface LastingOptions {
  /** How far an earlier run came with it. */
  readonly resume: UploadMark | undefined;
  /**
   * Told of the upload before any byte of it is sent (a mark of 0 bytes; nothing is sent before the
   * promise resolves), and of each further mark.
   */
  readonly onMark: (mark: UploadMark) => Promise<void>;
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
  /** Heeded by buckets that can go on with an upload, where the object's length is known. */
  readonly lasting?: LastingOptions | undefined;
  /**
   * Told, for an upload that is not lasting, what the bucket knows it by, so that it can be abandoned
   * should the run end before it does; no part of it is sent before the promise resolves. Buckets
   * that leave nothing behind don't call it.
   */
  readonly onBegun?: ((token: string) => Promise<void>) | undefined;
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
  /** Keeps a chunk only where it answers with a promise; else its memory may be used again. */
  readonly write: BodySink;
  commit(): Promise<WriteResult>;
  /**
   * Never throws: a failed abort leaves rubbish for `cleanup`, not a wrong object.
   * @returns `left` where the bucket did not confirm that it forgot what it has
   */
  abort(): Promise<'gone' | 'left'>;
  /** Set where a later run can go on with the upload. */
  readonly lasting?: LastingUpload | undefined;
}

export interface LastingUpload {
  /**
   * Bytes of the object that are there: writing goes on behind them. 0 where `resume` was not given,
   * and where the bucket no longer holds just what was marked.
   */
  readonly startsAt: number;
  /** Bytes from one mark to the next. */
  readonly markEvery: number;
  /** Ends the upload as `abort` does, and leaves what was marked for a later run. Never throws. */
  suspend(): Promise<void>;
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
  /**
   * Gives the object, or the range that is asked for, to `reader`; undefined where there is none. A
   * body that the reader leaves unread is cut off. Throws as `head`.
   */
  read<T>(
    key: ObjectKey,
    reader: (answer: StoredAnswer) => Promise<T>,
    signal: AbortSignal,
    options?: ReadOptions,
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
  /**
   * Removes what is left of an upload that nobody goes on with; no matter whether it is there.
   * Throws as `head`.
   */
  abandonUpload(key: ObjectKey, token: string, signal: AbortSignal): Promise<void>;
}
