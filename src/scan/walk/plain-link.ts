const OPENING = '<a href="';
const CLOSING = '</a>';
const [SPACE, QUOTE, AMPERSAND, LESS, GREATER] = [0x20, 0x22, 0x26, 0x3c, 0x3e];

/** The link of a line. */
export interface PlainLink {
  readonly href: string;
  /** Where the text behind it begins. */
  readonly behind: number;
}

/**
 * The link of a line that nothing but one plain link stands on, as servers write them by the
 * thousand: spaces, `<a href="…">`, text, `</a>`, text. Looked at by hand, since a regular expression
 * takes twice as long.
 * @param start where the line begins in `text`
 * @param end where its line feed stands
 * @returns undefined for any other line.
 */
export function plainLink(text: string, start: number, end: number): PlainLink | undefined {
  let at = start;
  while (text.charCodeAt(at) === SPACE) at += 1;
  if (!text.startsWith(OPENING, at)) return undefined;
  const from = at + OPENING.length;
  const to = hrefEnd(text, from, end);
  if (to === undefined || text.charCodeAt(to + 1) !== GREATER) return undefined;
  const closing = text.indexOf('<', to);
  if (closing < 0 || closing > end || !text.startsWith(CLOSING, closing)) return undefined;
  const behind = closing + CLOSING.length;
  const next = text.indexOf('<', behind);
  return next < 0 || next > end ? { href: text.slice(from, to), behind } : undefined;
}

/** Where the quote stands that ends an attribute in which every character stands for itself. */
function hrefEnd(text: string, from: number, end: number): number | undefined {
  for (let at = from; at < end; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) return at;
    if (unit === AMPERSAND || unit === LESS || unit === GREATER) return undefined;
  }
  return undefined;
}
