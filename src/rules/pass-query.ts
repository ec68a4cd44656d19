/**
 * Parameters that sign a URL for the store that a client asked (statements, H18; beside them the
 * security tokens and the signatures of further stores). None of them means anything to an origin.
 */
const SIGNATURE_PARAMETER = new RegExp(
  [
    'x-amz-.*',
    'x-goog-.*',
    'x-tos-.*',
    'awsaccesskeyid|accesskeyid|ossaccesskeyid|googleaccessid',
    'signature|expires|authorization',
    'x-oss-(signature.*|credential|security-token|date|expires|additional-headers|access-key-id)',
    'q-sign-.*',
    'q-(ak|key-time|header-list|url-param-list|signature)',
    'x-(cos|obs)-security-token|security-token',
  ]
    .map((part) => `^(?:${part})$`)
    .join('|'),
  'i',
);

/**
 * A client's query as an origin may see it: without the parameters of a signature, the others as
 * they came, in their order. What a URL cannot hold raw is percent-encoded.
 * @param query without `?`; '' for none
 */
export function passedQuery(query: string): string {
  return query
    .split('&')
    .filter((pair) => !SIGNATURE_PARAMETER.test(parameterName(pair)))
    .join('&')
    .replaceAll(
      /[^\u0021\u0024-\u003B\u003D\u003F-\u005B\u005D\u005F\u0061-\u007A\u007E]/gu,
      encoded,
    );
}

/** The name with its ASCII decoded; a sequence that is no such character stays as it is. */
function parameterName(pair: string): string {
  const [name = ''] = pair.split('=', 1);
  return name.replaceAll(/%([0-7][0-9A-Fa-f])/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** UTF-8; half of a surrogate pair becomes U+FFFD. */
function encoded(char: string): string {
  return [...new TextEncoder().encode(char)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('');
}
