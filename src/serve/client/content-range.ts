import { type AskedRange, type ByteRange, partOf } from '../../model/byte-range.ts';

/** The Content-Range of a 206, or, for `none`, of a 416 (RFC 9110, 14.4). */
export function contentRange(part: ByteRange | 'none', size: number): string {
  return part === 'none' ? `bytes */${size}` : `bytes ${part.first}-${part.last}/${size}`;
}

const PART = /^bytes (\d+)-(\d+)\/(\d+|\*)$/i;

/**
 * Whether the Content-Range of a 206 is of what was asked for: from its first byte on, and not
 * beyond its last. An origin may give less than the whole of it (RFC 9110, 15.3.7), which it says.
 */
export function isOfRange(asked: AskedRange, header: string | undefined): boolean {
  const [, first, last, size] = PART.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined || size === undefined) return false;
  const part = { first: Number(first), last: Number(last) };
  // Without the size nobody can tell which bytes are the last ones.
  if (size === '*') return !('suffix' in asked) && isWithin(part, asked);
  const wanted = partOf(asked, Number(size));
  return wanted !== undefined && wanted !== 'none' && isWithin(part, wanted);
}

function isWithin(
  part: ByteRange,
  { first, last = Infinity }: { readonly first: number; readonly last?: number | undefined },
): boolean {
  return part.first === first && part.last <= last;
}
