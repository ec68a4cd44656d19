/** A percent escape, or one character that is not unreserved (RFC 3986, 2.3). */
const ESCAPED_OR_RESERVED = /%([0-9A-Fa-f]{2})|[^A-Za-z0-9._~-]/gu;

const UNRESERVED = /[A-Za-z0-9._~-]/;

/**
 * The value of `x-oss-tag`, by which Aliyun OSS marks what it mirrored: the origin's URL decoded,
 * then percent-encoded in lower case, all but unreserved characters (statements, O10). Escapes
 * that are broken count as the characters that they are.
 */
export function ossTag(url: string): string {
  const encoded = url.replaceAll(ESCAPED_OR_RESERVED, (text: string, hex: string | undefined) => {
    if (hex === undefined) return encodedBytes(text);
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return UNRESERVED.test(character) ? character : text.toLowerCase();
  });
  return `MIRROR ${encoded}`;
}

function encodedBytes(character: string): string {
  return [...new TextEncoder().encode(character)]
    .map((byte) => `%${byte.toString(16).padStart(2, '0')}`)
    .join('');
}
