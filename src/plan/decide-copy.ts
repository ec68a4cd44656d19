import type { StoredObject } from '../model/bucket.ts';
import type { OriginHead, Validators } from '../model/origin.ts';
import { STORED_ETAG, STORED_LAST_MODIFIED } from './stored-metadata.ts';

/** What may happen to an object that the bucket has already. */
export type Overwrite = 'never' | 'changed' | 'always';

export type CopyDecision =
  | { readonly copy: false; readonly reason: 'exists' }
  /** `ifAbsent`: the write must lose to anyone who stores the key first. */
  | {
      readonly copy: true;
      readonly ifAbsent: boolean;
      /** Set where an unchanged object at the origin is left alone. */
      readonly unless: Validators | undefined;
    };

/** Whether the bucket has to be asked for the object at all. */
export function needsPresence(overwrite: Overwrite): boolean {
  return overwrite !== 'always';
}

/** What to do with a key, from the overwrite mode and what the bucket has under it. */
export function decideCopy(overwrite: Overwrite, present: StoredObject | undefined): CopyDecision {
  switch (overwrite) {
    case 'always':
      return { copy: true, ifAbsent: false, unless: undefined };
    case 'never':
      if (present !== undefined) return { copy: false, reason: 'exists' };
      return { copy: true, ifAbsent: true, unless: undefined };
    case 'changed':
      if (present === undefined) return { copy: true, ifAbsent: true, unless: undefined };
      return { copy: true, ifAbsent: false, unless: storedValidators(present) };
  }
}

/** The origin's validators that were kept when the object was stored; undefined without any. */
function storedValidators(object: StoredObject): Validators | undefined {
  const etag = object.metadata[STORED_ETAG];
  const lastModified = object.metadata[STORED_LAST_MODIFIED];
  return etag === undefined && lastModified === undefined ? undefined : { etag, lastModified };
}

/**
 * Whether an origin that answered in full names the very version that is stored. Validators are
 * compared for equality, never for newer or older, and a size that differs always means changed.
 */
export function isUnchanged(stored: StoredObject, head: OriginHead): boolean {
  const kept = storedValidators(stored);
  if (kept === undefined) return false;
  if (head.length !== undefined && head.length !== stored.size) return false;
  if (kept.etag !== undefined) return kept.etag === head.headers['etag'];
  return head.length !== undefined && kept.lastModified === head.headers['last-modified'];
}
