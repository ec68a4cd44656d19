import type { Headers } from '../model/ports.ts';

/**
 * What an ETag says of the bytes behind it.
 *
 * - `same`: it is their MD5
 * - `other`: it is the MD5 of something else
 * - `opaque`: it is no MD5 at all, so it says nothing
 * - `absent`: there is none
 */
export type EtagVerdict = 'same' | 'other' | 'opaque' | 'absent';

/** An ETag without quotes, weakness mark and upper case. */
function bare(etag: string): string {
  let start = etag.startsWith('W/') || etag.startsWith('w/') ? 2 : 0;
  if (etag.startsWith('"', start)) start += 1;
  const end = etag.endsWith('"') ? Math.max(start, etag.length - 1) : etag.length;
  return etag.slice(start, end).toLowerCase();
}

const MD5 = /^[0-9a-f]{32}$/;
/** Of a multipart object. */
const MD5_OF_MD5S = /^[0-9a-f]{32}-\d+$/;

/** An ETag with its quotes, which some stores leave out; undefined where there is none. */
export function quotedEtag(etag: string | undefined): string | undefined {
  if (etag === undefined) return undefined;
  // As nearly all are, and listings have a thousand at once.
  if (etag.length > 2 && etag.startsWith('"') && etag.endsWith('"')) return etag;
  if (bare(etag) === '') return undefined;
  return etag.endsWith('"') ? etag : `"${etag}"`;
}

/**
 * Whether the object of an answer is encrypted so that its ETag is no MD5: with keys of KMS or of
 * the customer (AWS S3 API Reference, "Object": ETag).
 */
export function hidesMd5(headers: Headers): boolean {
  const encryption = headers['x-amz-server-side-encryption'] ?? 'AES256';
  const customerKey = headers['x-amz-server-side-encryption-customer-algorithm'];
  return encryption !== 'AES256' || customerKey !== undefined;
}

/**
 * Compares an ETag with the MD5 of what was sent.
 * @param expected hex digits; of a multipart object the MD5 of its parts' MD5s, `-` and their number
 * @param hidden what {@link hidesMd5} says of the answer that the ETag came in
 */
export function judgeEtag(
  etag: string | undefined,
  expected: string,
  hidden: boolean,
): EtagVerdict {
  const value = bare(etag ?? '');
  if (value === '') return 'absent';
  if (value === expected) return 'same';
  const looksLikeMd5 = expected.includes('-') ? MD5_OF_MD5S : MD5;
  return hidden || !looksLikeMd5.test(value) ? 'opaque' : 'other';
}
