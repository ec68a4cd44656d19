import type { ObjectKey } from './object-key.ts';

/** Who is at work on a key. */
export interface ClaimHolder {
  /** As it was named when it claimed the key. */
  readonly owner: string;
  /** When that was, milliseconds since the epoch. */
  readonly sinceMs: number;
}

/** What became of a claim. */
export type ClaimAnswer = 'granted' | { readonly heldBy: ClaimHolder };

/**
 * Who fetches which large object, among all processes on one bucket, so that no two fetch it twice.
 * A claim ends when it is released or when its process ends, however that ends: not by time, so an
 * owner that is slow, stopped or swapped out keeps what it claimed, and there is nothing to renew.
 */
export interface Claims {
  /**
   * Claims the key, or says who has it. What the same owner of the same process has is granted
   * again.
   * @param owner tells apart who shares this process's store, and is shown to who finds the key
   * claimed: one line, no secrets
   * @throws FatalError `state-unusable`.
   */
  claim(key: ObjectKey, owner: string): Promise<ClaimAnswer>;
  /** Ends a claim of that owner of this process, if there is one. */
  release(key: ObjectKey, owner: string): Promise<void>;
  /** Who of other processes has the key now; undefined where none has. Throws as `claim`. */
  held(key: ObjectKey): Promise<ClaimHolder | undefined>;
  /** Every key that other processes have now. Throws as `claim`. */
  heldByOthers(): Promise<ReadonlyMap<ObjectKey, ClaimHolder>>;
}
