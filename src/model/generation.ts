import type { ManifestEntry } from './scan-journal.ts';

/** What the bucket's listing told of an object. */
export interface StoredVersion {
  /** With its quotes; '' where the bucket gives none. */
  readonly etag: string;
  /** Bytes. */
  readonly size: number;
}

/** A key of a generation: what the origin's listing told of it, and what the bucket had for it. */
export interface GenerationEntry extends ManifestEntry {
  /** Undefined where nobody knows what the bucket had: it is then looked at again. */
  readonly stored?: StoredVersion | undefined;
  /** The origin lists it no more; what was copied of it is still in the bucket. */
  readonly gone?: true | undefined;
}

export interface GenerationHead {
  /** From 1. */
  readonly id: number;
  readonly entries: number;
  /** When it was written; milliseconds since the epoch. */
  readonly atMs: number;
}

/**
 * What one complete scan found and the bucket has of it. Of keys that the scan was not about, it has
 * what the last one had found that was.
 */
export interface Generation {
  readonly head: GenerationHead;
  /** Each key once, by the keys' UTF-8 bytes. @throws FatalError `state-unusable`. */
  entries(signal: AbortSignal): AsyncIterable<readonly GenerationEntry[]>;
}

/** A generation that is being written: nobody sees it before it is committed. */
export interface GenerationWriter {
  /** Each key once, by the keys' UTF-8 bytes. @throws FatalError `state-unusable`. */
  append(entries: readonly GenerationEntry[]): Promise<void>;
  /** Makes it the latest, durably and in one step. */
  commit(atMs: number): Promise<GenerationHead>;
  /** Forgets it; never throws. Safe after `commit`. */
  abort(): Promise<void>;
}

/** The generations of one sync job. */
export interface Generations {
  /**
   * The latest that is whole, checked before any of it is given out.
   * @returns undefined where there is none; a damaged one is told to `warn` and is as good as none.
   * @throws FatalError `state-unusable` where it can't be read at all.
   */
  latest(warn: (line: string) => void): Promise<Generation | undefined>;
  begin(): Promise<GenerationWriter>;
}
