/** Characters that terminals draw two columns wide: CJK, kana, hangul, full-width forms, pictures. */
const WIDE =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97C\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1F64F}\u{1F900}-\u{1F9FF}\u{20000}-\u{3FFFD}]/u;

/** Marks and joiners that are drawn onto the character before them. */
const DRAWN_ONTO = /[\p{Mn}\p{Me}\u200B-\u200D]/u;

/** Columns that a text takes in a terminal (after Unicode Standard Annex 11, roughly). */
export function displayWidth(text: string): number {
  let columns = 0;
  for (const char of text) {
    if (DRAWN_ONTO.test(char)) continue;
    columns += WIDE.test(char) ? 2 : 1;
  }
  return columns;
}
