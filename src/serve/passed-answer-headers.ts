import type { Headers } from '../model/ports.ts';
import { isConnectionHeader, isHeaderName, isHeaderValue } from '../rules/header-names.ts';

/**
 * What an answer says of its own body, version and moment. serve says it itself, of the bytes that it
 * sends: the body may be a part, and come from the bucket the next time.
 */
const OWN: ReadonlySet<string> = new Set([
  'accept-ranges',
  'age',
  'content-encoding',
  'content-range',
  'date',
  'etag',
  'last-modified',
  'set-cookie',
  'set-cookie2',
]);

/** Whether a header that is not of the object itself may stand in an answer to a client. */
export function isPassable(name: string): boolean {
  return isHeaderName(name) && !isConnectionHeader(name) && !OWN.has(name);
}

/**
 * The headers of an origin's answer that a rule hands on to the client of this one answer, byte for
 * byte: those that `passHeaders` names, but none that is serve's to say, sets a cookie, or belongs
 * to a connection, because it always does or because `Connection` names it (RFC 9110, 7.6.1).
 * @param names lower-case
 */
export function passedAnswerHeaders(
  names: readonly string[],
  headers: Headers,
): Record<string, string> {
  // Most rules name none.
  if (names.length === 0) return {};
  const options = (headers['connection'] ?? '').split(',');
  const ofConnection = new Set(options.map((option) => option.trim().toLowerCase()));
  const passed = names.flatMap((name) => {
    const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
    const isKept = isPassable(name) && !ofConnection.has(name);
    return value !== undefined && isKept && isHeaderValue(value) ? [[name, value] as const] : [];
  });
  return Object.fromEntries(passed);
}
