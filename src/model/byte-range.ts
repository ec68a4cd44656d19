/** A part of an object as somebody asks for it, in bytes. */
export type AskedRange =
  /** From `first` to `last`, both included; to the end where `last` is absent or beyond it. */
  | { readonly first: number; readonly last?: number | undefined }
  /** The last so many bytes; the whole object where it has fewer. */
  | { readonly suffix: number };

/** Bytes of an object, both ends included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** What of an object is meant: undefined for the whole, `none` where a range holds no byte of it. */
export type PartOfObject = ByteRange | 'none' | undefined;

/**
 * What a range holds of an object of `size` bytes; undefined where none is asked for. A range that
 * happens to cover everything is a range all the same.
 */
export function partOf(range: AskedRange | undefined, size: number): PartOfObject {
  if (range === undefined) return undefined;
  const isSuffix = 'suffix' in range;
  const first = isSuffix ? Math.max(0, size - range.suffix) : range.first;
  const last = isSuffix ? size - 1 : Math.min(range.last ?? size - 1, size - 1);
  return first <= last ? { first, last } : 'none';
}

/** Bytes of the body that is that part of an object of `size` bytes. */
export function partLength(part: PartOfObject, size: number): number {
  if (part === undefined) return size;
  return part === 'none' ? 0 : part.last - part.first + 1;
}
