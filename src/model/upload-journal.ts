import type { ObjectKey } from './object-key.ts';

/** The most that `sealed` may take in UTF-8, in bytes; 10,000 parts fit in well. */
export const MAX_SEALED_BYTES = 1_048_576;

/** A large object under way, as its uploader wrote it down. */
export interface UploadRecord {
  readonly key: ObjectKey;
  /** JSON text that only its writer reads: upload id, version, parts, … */
  readonly sealed: string;
}

/**
 * Uploads of large objects that a later run may go on with, or has to abort. It is a job's, and a
 * fresh pass over the job keeps it; or a process's that has no job.
 */
export interface UploadJournal {
  /**
   * Writes a record down, or replaces it; durable when it resolves.
   * @throws RangeError where `sealed` is larger than {@link MAX_SEALED_BYTES}; FatalError
   * `state-unusable`.
   */
  keep(key: ObjectKey, sealed: string): Promise<void>;
  /** Forgets a record, if there is one; durable when it resolves. */
  drop(key: ObjectKey): Promise<void>;
  /** Every record, by the keys' UTF-8 bytes. */
  all(): Promise<readonly UploadRecord[]>;
}

/** The journals of the processes that work on one bucket, apart from those of jobs. */
export interface UploadJournals {
  /** This process's own. */
  readonly own: UploadJournal;
  /** One for each process that is gone and left something. @throws FatalError `state-unusable`. */
  ofDead(): Promise<readonly UploadJournal[]>;
}
