/** An ETag taken apart. */
export interface EntityTag {
  readonly isWeak: boolean;
  /** What stands between its quotes. */
  readonly opaque: string;
}

/**
 * One tag of a list, up to its comma. Some servers and clients leave the quotes out: such a tag is
 * taken for the same one in quotes, so that what a server sends and gets back stays equal.
 */
const TAG = /[ \t]*(?:(?:(?<weak>W\/)?"(?<quoted>[^"]*)"|(?<bare>[^ \t",]+))[ \t]*)?(?:,|$)/y;

/**
 * The tags of an ETag, If-Match or If-None-Match header (RFC 9110, 8.8.3 and 13.1); of a malformed
 * list those that stand before what can't be read.
 */
export function entityTags(list: string): EntityTag[] {
  const tags: EntityTag[] = [];
  const tag = new RegExp(TAG);
  while (tag.lastIndex < list.length) {
    const { weak, quoted, bare } = tag.exec(list)?.groups ?? {};
    const opaque = quoted ?? bare;
    if (opaque !== undefined) tags.push({ isWeak: weak !== undefined, opaque });
    // A failed match starts over at 0.
    if (tag.lastIndex === 0) break;
  }
  return tags;
}

/** Whether two tags name the same bytes (strong comparison, RFC 9110, 8.8.3.2). */
export function sameBytes(a: EntityTag, b: EntityTag): boolean {
  return !a.isWeak && !b.isWeak && a.opaque === b.opaque;
}

/** Whether two tags name what serves as well (weak comparison). */
export function sameMeaning(a: EntityTag, b: EntityTag): boolean {
  return a.opaque === b.opaque;
}
