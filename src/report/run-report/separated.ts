const SPECIAL = { ',': /[",\r\n]/, '\t': /["\t\r\n]/ };

/**
 * Fields as one line without its end: quoted, quotes doubled, where RFC 4180 asks for it. A quoted
 * field may hold line breaks.
 */
export function separated(fields: readonly string[], separator: ',' | '\t'): string {
  const special = SPECIAL[separator];
  return fields
    .map((field) => (special.test(field) ? `"${field.replaceAll('"', '""')}"` : field))
    .join(separator);
}
