/**
 * A vendor's document, JSON or XML, as one kind of tree. In JSON a field stands once and a list is
 * a `list`; in XML a list is a field that stands several times, and every scalar is text.
 */
export type VendorNode =
  | { readonly kind: 'scalar'; readonly value: string | number | boolean | null }
  | { readonly kind: 'list'; readonly items: readonly VendorNode[] }
  | { readonly kind: 'map'; readonly entries: ReadonlyMap<string, readonly VendorNode[]> };

/** No vendor's configuration lies deeper than twelve levels; what does was not made by a vendor. */
export const MAX_DEPTH = 64;

/**
 * A vendor's limits (20 rules, ten headers each, keys of 1,024 bytes) come to less than one MiB;
 * more characters than this are something else.
 */
export const MAX_CHARACTERS = 4 * 1024 * 1024;
