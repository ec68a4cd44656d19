import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** What a caller and this proxy both know. */
export interface QboxKeys {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** What of a request its token vouches for. */
export interface QboxRequest {
  /** As they came: nothing decoded. */
  readonly path: string;
  /** Without `?`; '' for none. */
  readonly rawQuery: string;
  readonly contentType: string | undefined;
  readonly body: Uint8Array;
}

const FORM = 'application/x-www-form-urlencoded';

/** Exactly one space stands after the scheme (Qiniu, "Access token"). */
const AUTHORIZATION = /^QBox (\S+)$/;

/** A Qiniu access token for bytes: access key, colon, URL-safe base64 of HMAC-SHA1, padding kept. */
export function signQbox({ accessKey, secretKey }: QboxKeys, bytes: Uint8Array): string {
  const signature = createHmac('sha1', secretKey).update(bytes).digest('base64');
  return `${accessKey}:${signature.replaceAll('+', '-').replaceAll('/', '_')}`;
}

/**
 * The token of a request (Qiniu, "Access token"): of its path and query, a line feed, and the body
 * where that is a form.
 */
export function qboxToken(
  keys: QboxKeys,
  { path, rawQuery, contentType = '', body }: QboxRequest,
): string {
  const target = rawQuery === '' ? path : `${path}?${rawQuery}`;
  const isForm = contentType.split(';', 1)[0]?.trim().toLowerCase() === FORM;
  // Node gives what a request line holds beyond ASCII as Latin-1.
  const head = Buffer.from(`${target}\n`, 'latin1');
  return signQbox(keys, isForm ? Buffer.concat([head, body]) : head);
}

/** Whether a request bears its token; how long that takes tells nothing of the token. */
export function bearsQboxToken(
  keys: QboxKeys,
  authorization: string | undefined,
  request: QboxRequest,
): boolean {
  const given = AUTHORIZATION.exec(authorization ?? '')?.[1];
  const expected = qboxToken(keys, request);
  return given !== undefined && timingSafeEqual(digest(given), digest(expected));
}

/** Of one length, whatever the text. */
function digest(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}
