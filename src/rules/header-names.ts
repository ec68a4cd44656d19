/** A token of RFC 9110, 5.6.2: what a header's name may consist of. */
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}$/;

/** Headers that belong to one connection (RFC 9110, 7.6.1), or that frame a message. */
const CONNECTION_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'host',
]);

/** What this program sets itself, because the bytes it stores depend on it. */
const TRANSFER_HEADERS: ReadonlySet<string> = new Set(['range', 'expect', 'accept-encoding']);

const DENIED: ReadonlySet<string> = new Set([
  'authorization',
  'authorization2',
  'date',
  'content-md5',
  'forwarded',
  'cookie',
]);

/** The loop mark is `x-bucketfill-…`; the others are the signed headers of the stores. */
const DENIED_PREFIXES = [
  'x-forwarded-',
  'x-bucketfill',
  'x-amz-',
  'x-obs-',
  'x-oss-',
  'oss-',
  'x-drs-',
  'x-bce-',
  'x-cos-',
  'x-tos-',
] as const;

/** Whether `name` can be the name of a header at all. */
export function isHeaderName(name: string): boolean {
  return TOKEN.test(name);
}

/** Whether `value` can be sent as a header's value: no line break, no other control character. */
export function isHeaderValue(value: string): boolean {
  return /^[\t\u0020-\u007E\u0080-\u00FF]*$/.test(value);
}

/** Headers of a connection or of a message's frame: nobody but the HTTP client sets them. */
export function isConnectionHeader(name: string): boolean {
  return CONNECTION_HEADERS.has(name.toLowerCase());
}

/** Headers that not even an address may set for itself: they change what the answer's bytes are. */
export function isTransferHeader(name: string): boolean {
  const lower = name.toLowerCase();
  return isConnectionHeader(lower) || TRANSFER_HEADERS.has(lower) || lower.startsWith('if-');
}

/**
 * The deny list (contract, rules file, 5): names that a rule neither passes on nor sets. `cookie`
 * is on it too; whoever passes headers on lets it through where `pass` names it.
 */
export function isDeniedHeader(name: string): boolean {
  const lower = name.toLowerCase();
  return (
    isTransferHeader(lower) ||
    DENIED.has(lower) ||
    DENIED_PREFIXES.some((prefix) => lower.startsWith(prefix))
  );
}
