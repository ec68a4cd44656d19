import { isHeaderValue } from '../../rules/header-names.ts';

/** Needs no change, and can be sent: nearly all values. */
const PLAIN = /^[\t\u0020-\u007e]*$/;

/**
 * A text as a header's value: its bytes in UTF-8, as Latin-1 characters, as node:http writes them.
 * What an origin sent in UTF-8 is thus again what it sent (`plan/header-text.ts` reads it).
 * @returns undefined for a text that no header can carry: a line break in it would let it write
 * headers of its own
 */
export function headerBytes(text: string): string | undefined {
  if (PLAIN.test(text)) return text;
  const value = Buffer.from(text, 'utf8').toString('latin1');
  return isHeaderValue(value) ? value : undefined;
}
