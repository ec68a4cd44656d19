import type { StoredObject } from '../model/bucket.ts';
import type { OriginHead, Unless } from '../model/origin.ts';
import { base64OfHex } from './base64-of-hex.ts';
import { declaredDigests } from './declared-digests.ts';
import { STORED_ETAG, STORED_LAST_MODIFIED } from './stored-metadata.ts';

/** What may happen to an object that the bucket has already. */
export type Overwrite = 'never' | 'changed' | 'always';

export type CopyDecision =
  | { readonly copy: false; readonly reason: 'exists' }
  /** `ifAbsent`: the write must lose to anyone who stores the key first. */
  | {
      readonly copy: true;
      readonly ifAbsent: boolean;
      /** An unchanged object at the origin is left alone. */
      readonly keepUnchanged: boolean;
      /** The version to ask the origin by, where one is known. */
      readonly unless: Unless | undefined;
    };

/** Whether the bucket has to be asked for the object at all. */
export function needsPresence(overwrite: Overwrite): boolean {
  return overwrite !== 'always';
}

/** What to do with a key, from the overwrite mode and what the bucket has under it. */
export function decideCopy(overwrite: Overwrite, present: StoredObject | undefined): CopyDecision {
  switch (overwrite) {
    case 'always':
      return { copy: true, ifAbsent: false, keepUnchanged: false, unless: undefined };
    case 'never':
      if (present !== undefined) return { copy: false, reason: 'exists' };
      return { copy: true, ifAbsent: true, keepUnchanged: false, unless: undefined };
    case 'changed':
      if (present === undefined)
        return { copy: true, ifAbsent: true, keepUnchanged: false, unless: undefined };
      return { copy: true, ifAbsent: false, keepUnchanged: true, unless: knownVersion(present) };
  }
}

function knownVersion({ metadata }: StoredObject): Unless | undefined {
  const etag = metadata[STORED_ETAG];
  return etag === undefined ? undefined : { etag };
}

/**
 * Whether the origin's answer names the very version that is stored. Validators are compared for
 * equality, never for newer or older, and a size that differs always means changed. Of what was
 * stored without the origin's validators, by another tool perhaps, the bucket's ETag tells where it
 * is the MD5 that the origin declares.
 */
export function isUnchanged(stored: StoredObject, head: OriginHead): boolean {
  const etag = stored.metadata[STORED_ETAG];
  const lastModified = stored.metadata[STORED_LAST_MODIFIED];
  // A 304 answers the ETag that was asked by, and need not repeat it.
  if (head.status === 304) return etag === (head.headers['etag'] ?? etag);
  if (head.length !== undefined && head.length !== stored.size) return false;
  if (etag !== undefined) return etag === head.headers['etag'];
  if (lastModified === undefined) return hasDeclaredMd5(stored, head);
  return head.length !== undefined && lastModified === head.headers['last-modified'];
}

/** An ETag that is no MD5, for parts or encryption, is never by chance the one that was declared. */
function hasDeclaredMd5({ etag, size }: StoredObject, head: OriginHead): boolean {
  const [, hex] = /^"?([0-9a-f]{32})"?$/i.exec(etag) ?? [];
  if (hex === undefined || head.length !== size) return false;
  return declaredMd5s(head).includes(base64OfHex(hex));
}

function declaredMd5s({ md5, headers }: OriginHead): readonly (string | undefined)[] {
  const declared = declaredDigests(headers).map((digest) =>
    'value' in digest && digest.algorithm === 'md5' ? digest.value : undefined,
  );
  return [md5, ...declared];
}
