import type { GenerationEntry } from './generation.ts';
import type { ObjectKey } from './object-key.ts';

/** What a sync has found to do; durable before any of it is done. */
export interface SyncPlan {
  /** Keys that are looked at one by one. */
  readonly examine: number;
  readonly unchanged: number;
  /** Left as they are, because nothing is overwritten. */
  readonly existing: number;
  /** Objects that the origin lists no more. */
  readonly gone: number;
  /** Objects that the bucket has from earlier generations, those that are gone included. */
  readonly known: number;
  /** The origin was listed to its end without an error. */
  readonly isWhole: boolean;
  /** What is drafted is what the last generation has, to the last entry. */
  readonly isAsBefore: boolean;
  /** Of the list of keys to examine, which is then whole. */
  readonly changesBytes: number;
}

/** Where a plan is written as it is made. */
export interface SyncPlanWriter {
  /** Keys to examine, in order. */
  change(keys: readonly ObjectKey[]): Promise<void> | undefined;
  /**
   * What the next generation will hold, in order, if everything goes well: what is left as it is and
   * what is to be examined with the bucket's version of now, what is gone marked so.
   */
  draft(entries: readonly GenerationEntry[]): Promise<void>;
  /** Everything is durable when it resolves. */
  save(plan: Omit<SyncPlan, 'changesBytes'>, atMs: number): Promise<SyncPlan>;
  /** Forgets what was not saved; never throws. */
  close(): Promise<void>;
}
