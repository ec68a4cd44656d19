import type { PassedReason } from '../../model/walk.ts';

/** A path segment as the name that it stands for, or why it stands for none. */
export type DecodedSegment = { readonly name: string } | { readonly reason: PassedReason };

/**
 * Decodes one segment of a link's path. `+` stays: it means a space only in queries.
 * A U+FFFD stands for bytes that the page itself could not be read with.
 */
export function decodeSegment(segment: string): DecodedSegment {
  if (segment.includes('\ufffd')) return { reason: 'not-utf8' };
  if (!segment.includes('%')) return { name: segment };
  if (/%(?![0-9a-f]{2})|%00/i.test(segment)) return { reason: 'bad-escape' };
  if (/%2f/i.test(segment)) return { reason: 'encoded-slash' };
  try {
    return { name: decodeURIComponent(segment) };
  } catch {
    return { reason: 'not-utf8' };
  }
}
