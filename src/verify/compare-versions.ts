import { inSeconds, opaqueTag } from '../plan/named-version.ts';

/** What names the version of an object at its origin. */
export interface NamedVersion {
  /** With or without quotes and `W/`. */
  readonly etag?: string | undefined;
  /** Of the body, base64. */
  readonly md5?: string | undefined;
  /** Exact to the second. */
  readonly lastModifiedMs?: number | undefined;
}

/** What names the version that the bucket has. */
export interface KeptVersion {
  /** The bucket's own. */
  readonly etag: string;
  /** Of the origin, as it was when the object was stored. */
  readonly originEtag?: string | undefined;
  readonly originLastModified?: string | undefined;
}

export type VersionVerdict =
  | { readonly version: 'same' }
  | { readonly version: 'other'; readonly message: string }
  /** They have nothing in common that could be compared. */
  | { readonly version: 'unknown' };

const SAME: VersionVerdict = { version: 'same' };
const UNKNOWN: VersionVerdict = { version: 'unknown' };

/** S3's ETags: the MD5 of the body, or of the MD5s of its parts with their number. */
const MD5_ETAG = /^[0-9a-f]{32}(?:-\d+)?$/;

/**
 * Whether two sides name the same body by its MD5, which needs nothing but listings. That MD5s
 * differ proves nothing: under a key of KMS or of the customer an ETag looks like one and is none.
 */
export function isSameMd5(named: NamedVersion, bucketEtag: string): boolean {
  const kept = opaqueTag(bucketEtag).toLowerCase();
  if (!MD5_ETAG.test(kept)) return false;
  if (named.etag !== undefined && opaqueTag(named.etag).toLowerCase() === kept) return true;
  return named.md5 !== undefined && Buffer.from(named.md5, 'base64').toString('hex') === kept;
}

/**
 * Whether the bucket's object is of the version that the origin, or a list, names. ETags decide
 * where both have one, else dates, as when `migrate` tells what has changed; both are compared for
 * equality.
 */
export function compareVersions(named: NamedVersion, kept: KeptVersion): VersionVerdict {
  if (isSameMd5(named, kept.etag)) return SAME;
  const { originEtag, originLastModified } = kept;
  if (named.etag !== undefined && originEtag !== undefined) {
    if (opaqueTag(named.etag) === opaqueTag(originEtag)) return SAME;
    return other('ETag', originEtag, named.etag);
  }
  if (named.lastModifiedMs === undefined || originLastModified === undefined) return UNKNOWN;
  const keptMs = Date.parse(originLastModified);
  if (Number.isNaN(keptMs)) return UNKNOWN;
  if (inSeconds(keptMs) === inSeconds(named.lastModifiedMs)) return SAME;
  return other('Last-Modified', originLastModified, new Date(named.lastModifiedMs).toUTCString());
}

function other(what: string, kept: string, named: string): VersionVerdict {
  const message = `it was stored from the version with ${what} ${kept}, expected ${named}`;
  return { version: 'other', message };
}
