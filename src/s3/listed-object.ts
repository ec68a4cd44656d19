/** What a listing tells of an object. */
export interface S3ListedObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** With its quotes; '' where the store gives none. */
  readonly etag: string;
  /** Milliseconds since the epoch. */
  readonly lastModifiedMs: number;
  readonly storageClass: string | undefined;
}
