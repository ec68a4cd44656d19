/** The last of ASCII, and of Latin-1. */
const LAST_ASCII = 0x7f;
const LAST_LATIN_1 = 0xff;

/**
 * The text of a header's value, whose bytes above ASCII come as the Latin-1 characters of those
 * bytes: UTF-8 where they are that, as almost every server means them, else Latin-1.
 */
export function headerText(value: string): string {
  // Every header that is stored comes by here, and nearly all are ASCII.
  for (let at = 0; at < value.length; at += 1) {
    if (value.charCodeAt(at) > LAST_ASCII) return byteText(value);
  }
  return value;
}

function byteText(value: string): string {
  const bytes = new Uint8Array(value.length);
  for (let at = 0; at < value.length; at += 1) {
    const unit = value.charCodeAt(at);
    if (unit > LAST_LATIN_1) return value;
    bytes[at] = unit;
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return value;
  }
}
