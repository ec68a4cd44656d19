/** What can't be seen, or turns the direction of what follows; the joiner of emoji is none of it. */
const UNSEEN =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u00a0\u00ad\u061c\u180e\u200b\u200c\u200e\u200f\u2028-\u202f\u2060-\u206f\ufeff]/g;

/** A text so that nothing in it hides: `a\u{202e}b` for what can't be seen. */
export function showText(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(UNSEEN, (character) => `\\u{${character.charCodeAt(0).toString(16)}}`);
}
