/** Bytes of UTF-8 in one encoded word: base64 makes 60 characters of them, RFC 2047 allows 75. */
const WORD_BYTES = 45;

/** What no header carries and no encoding brings through every store: controls other than tab. */
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f]/;

const WORD = /=\?utf-8\?([bq])\?([^?\s]*)\?=/i;
const WORDS = new RegExp(`^${WORD.source}(?: +${WORD.source})*$`, 'i');

/** Why a text can't be stored in an S3 header, in words that end a sentence; undefined if it can. */
export function textProblem(text: string): string | undefined {
  if (CONTROL.test(text)) return 'it holds a control character';
  return text.isWellFormed() ? undefined : 'it holds half of a surrogate pair';
}

/** A text in RFC 2047 encoded words of UTF-8, whatever it holds. */
export function asWords(text: string): string {
  const words: string[] = [];
  let word = '';
  let bytes = 0;
  for (const character of text) {
    const length = Buffer.byteLength(character);
    if (bytes + length > WORD_BYTES) {
      words.push(word);
      word = '';
      bytes = 0;
    }
    word += character;
    bytes += length;
  }
  return [...words, word]
    .map((part) => `=?UTF-8?B?${Buffer.from(part).toString('base64')}?=`)
    .join(' ');
}

const SPACE = 0x20;
const LAST_PRINTABLE = 0x7e;

/**
 * Whether a text goes as it is: printable ASCII that begins and ends with no space and does not look
 * like an encoded word.
 */
export function isPlain(text: string): boolean {
  const last = text.length - 1;
  // A loop: a pattern took several times as long for each header of each object.
  for (let at = 0; at <= last; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < SPACE || unit > LAST_PRINTABLE) return false;
    if (unit === SPACE && (at === 0 || at === last)) return false;
  }
  return !text.includes('=?');
}

/**
 * A text as it stands in a header of S3, whose values are ASCII: as it is, or, where it holds
 * anything else, as RFC 2047 encoded words of UTF-8, in which S3 itself answers such values
 * ("Editing object metadata" in the AWS S3 User Guide). Text that looks like an encoded word, and
 * spaces at its ends, are encoded as well, so that {@link decodeWords} gives back every text.
 */
export function encodeWords(text: string): string {
  return isPlain(text) ? text : asWords(text);
}

/**
 * The text of a row of encoded words; undefined for what is none, or not strictly encoded, or not
 * UTF-8, or holds what could not be stored again.
 */
export function wordsText(value: string): string | undefined {
  if (!WORDS.test(value)) return undefined;
  const parts: Buffer[] = [];
  for (const [, encoding = '', payload = ''] of value.matchAll(new RegExp(WORD, 'gi'))) {
    const bytes = encoding.toLowerCase() === 'b' ? base64Bytes(payload) : quotedBytes(payload);
    if (bytes === undefined) return undefined;
    parts.push(bytes);
  }
  const text = utf8Text(Buffer.concat(parts));
  return text === undefined || textProblem(text) !== undefined ? undefined : text;
}

function base64Bytes(payload: string): Buffer | undefined {
  const bytes = Buffer.from(payload, 'base64');
  const bare = (text: string): string => text.replace(/=+$/, '');
  return bare(bytes.toString('base64')) === bare(payload) ? bytes : undefined;
}

function quotedBytes(payload: string): Buffer | undefined {
  if (!/^(?:[\u0021-\u003c\u003e-\u007e]|=[\da-f]{2})*$/i.test(payload)) return undefined;
  const latin1 = payload
    .replaceAll('_', ' ')
    .replaceAll(/=([\da-f]{2})/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  return Buffer.from(latin1, 'latin1');
}

/** The text of bytes that are UTF-8; undefined for others. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * The text behind a header's value. What is not encoded words of UTF-8 from end to end, as other
 * tools may have stored it, is given as it is; so are words whose text would have needed none, which
 * no store and no {@link encodeWords} writes: somebody's text merely looks like that.
 */
export function decodeWords(value: string): string {
  const text = wordsText(value);
  return text === undefined || isPlain(text) ? value : text;
}
