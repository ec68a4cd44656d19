import type { GenerationEntry } from '../model/generation.ts';
import type { KeyFilter } from './key-filter.ts';

/** What a sync is about, of all that its generation knows. */
export interface SyncScope {
  /** What the origins list is of it already; absent: every key is meant. */
  readonly filter?: KeyFilter | undefined;
  /** Ids of the rules that are synced. */
  readonly synced: ReadonlySet<string>;
}

/** Whether an entry of an earlier generation is the sync's to judge, and what it stored to delete. */
export function isAbout({ filter, synced }: SyncScope, { key, rule }: GenerationEntry): boolean {
  return filter?.keeps(key) !== false && synced.has(rule);
}
