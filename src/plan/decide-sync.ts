import type { ListedObject } from '../model/bucket.ts';
import type { GenerationEntry } from '../model/generation.ts';
import type { ManifestEntry } from '../model/scan-journal.ts';
import type { Overwrite } from './decide-copy.ts';

/** What three listings tell of one key; each undefined where it lacks the key. */
export interface SyncRow {
  /** What the origin lists now. */
  readonly listed: ManifestEntry | undefined;
  /** What the last generation has: what was listed, and stored, when it was written. */
  readonly before: GenerationEntry | undefined;
  /** What the bucket lists now. */
  readonly stored: ListedObject | undefined;
}

export interface SyncSettings {
  readonly overwrite: Overwrite;
  /** Listings prove nothing: whatever the origin lists is looked at. */
  readonly checksum: boolean;
  /** The origin was listed to its end without an error. */
  readonly isWhole: boolean;
}

/**
 * - `examine`: the origin, and where it has the object the bucket, is asked for the key itself
 * - `unchanged`, `exists`: nothing is to be done
 * - `gone`: the origin lists it no more, and the bucket has it from an earlier generation
 * - `kept`: the origin may still have it: not everything was listed
 * - `forgotten`: nobody has it, or only the bucket, which never had it from here
 */
export type SyncDecision = 'examine' | 'unchanged' | 'exists' | 'gone' | 'kept' | 'forgotten';

/** What a sync does about one key. */
export function decideSync(row: SyncRow, settings: SyncSettings): SyncDecision {
  const { listed, before, stored } = row;
  if (listed === undefined) {
    if (before === undefined || stored === undefined) return 'forgotten';
    return settings.isWhole ? 'gone' : 'kept';
  }
  if (stored === undefined || settings.overwrite === 'always') return 'examine';
  if (settings.overwrite === 'never') return 'exists';
  if (settings.checksum || before === undefined) return 'examine';
  return isSameVersion(listed, before) && isSameStored(listed, before, stored)
    ? 'unchanged'
    : 'examine';
}

/**
 * Whether the listing's facts are those of the last generation and prove something: a size alone
 * doesn't, nor does a date that was younger than its own step when it was listed. Facts are compared
 * for equality, never for newer or older; one that came or went is a difference.
 */
export function isSameVersion(listed: ManifestEntry, before: GenerationEntry): boolean {
  if (before.gone === true || before.racy === true) return false;
  if (listed.etag === undefined && listed.lastModifiedMs === undefined) return false;
  return (
    listed.etag === before.etag &&
    listed.size === before.size &&
    listed.lastModifiedMs === before.lastModifiedMs &&
    listed.originKey === before.originKey &&
    listed.rule === before.rule
  );
}

/** Whether the bucket still has just what was copied then. */
function isSameStored(
  listed: ManifestEntry,
  { stored: then }: GenerationEntry,
  now: ListedObject,
): boolean {
  // No ETag tells nothing: the same size may be of another object.
  if (then === undefined || then.etag === '') return false;
  if (then.etag !== now.etag || then.size !== now.size) return false;
  return listed.size === undefined || listed.size === now.size;
}
