/** Names of headers whose values let somebody in. */
const SECRET_HEADER =
  /(^|[-_])(authorization\d?|auth|cookie|token|secret|password|passwd|pwd|signature|credentials?|session|(api|access|auth|secret|private|subscription|functions|account|license)[-_]?key|apikey)([-_]|$)/i;

/** Values that are credentials under whatever name they stand. */
const SECRET_VALUE =
  /^\s*(basic|bearer|digest|qbox|qiniu|obs|aws|aws4-hmac-sha256|token|apikey|bce-auth-v1\S*)\s+\S{6,}/i;

/** Parameters that sign a URL or open it otherwise (statements, H18, and their like). */
const SECRET_PARAMETER = new RegExp(
  [
    'x-(amz|goog|obs|tos)-.*',
    'awsaccesskeyid|accesskeyid|ossaccesskeyid|googleaccessid|key-pair-id',
    'signature|sig|expires|authorization|auth|credentials?',
    'x-oss-(signature.*|credential|security-token|date|expires|additional-headers)',
    'q-sign-.*|q-(ak|key-time|header-list|url-param-list|signature)',
    '(.*[-_])?(token|secret|password|passwd|pwd|apikey|key)',
    '(.*[-_])?(access|api|auth|secret|private|subscription)[-_]?key',
  ]
    .map((part) => `^(${part})$`)
    .join('|'),
  'i',
);

/** Whether a literal header value is, by its name or its look, a credential. */
export function isSecretHeader(name: string, value: string): boolean {
  return SECRET_HEADER.test(name) || SECRET_VALUE.test(value);
}

/** The name of a field that people use to write a credential into a file. */
export function isSecretField(name: string): boolean {
  return SECRET_HEADER.test(name.replaceAll(/([a-z])([A-Z])/g, '$1-$2'));
}

/** The first parameter of a query that signs or opens the URL; undefined where none does. */
export function secretParameter(query: string): string | undefined {
  return query
    .split('&')
    .map((pair) => decoded(pair.split('=')[0] ?? ''))
    .find((name) => SECRET_PARAMETER.test(name));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
