/** Bytes above ASCII, as characters of Latin-1. */
const HIGH = /[\u0080-\u00ff]/;
const BEYOND_LATIN_1 = /[^\u0000-\u00ff]/; // eslint-disable-line no-control-regex

/**
 * The text of a header's value, whose bytes above ASCII come as the Latin-1 characters of those
 * bytes: UTF-8 where they are that, as almost every server means them, else Latin-1.
 */
export function headerText(value: string): string {
  if (!HIGH.test(value) || BEYOND_LATIN_1.test(value)) return value;
  const bytes = Uint8Array.from(value, (character) => character.charCodeAt(0));
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return value;
  }
}
