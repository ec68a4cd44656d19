import type { ByteRange } from '../../model/byte-range.ts';

/** The Content-Range of a 206, or, for `none`, of a 416 (RFC 9110, 14.4). */
export function contentRange(part: ByteRange | 'none', size: number): string {
  return part === 'none' ? `bytes */${size}` : `bytes ${part.first}-${part.last}/${size}`;
}
