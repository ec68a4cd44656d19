import { Failure } from '../model/failure.ts';
import type { Headers } from '../model/ports.ts';

const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;

/** Everything but tab, printable ASCII and the upper half of Latin-1. */

const UNFIT = /[^\t\u0020-\u007e\u0080-\u00ff]/u;

/** Fields that the client writes itself: they are about the connection, not about the object. */
const OWN_FIELDS = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Why a header field can't be sent, in words that end a sentence; its value is never shown. */
export function fieldProblem(name: string, value: string): string | undefined {
  if (!NAME.test(name)) return `${JSON.stringify(name)} is no header name`;
  return UNFIT.test(value)
    ? `the header ${name} holds a line break or another character that no header can carry`
    : undefined;
}

/**
 * Header fields as a flat list of names and values, as they go onto the wire. `host` comes first
 * and `accept-encoding` is always `identity`: only then are the bytes that come the object's own.
 * @throws Failure `INTERNAL` for a field that would break the request apart.
 */
export function requestFields(
  what: string,
  host: string,
  headers: Headers,
  userAgent: string,
): string[] {
  const fields = ['host', host];
  if (headers['user-agent'] === undefined) fields.push('user-agent', userAgent);
  for (const name of Object.keys(headers)) {
    const value = headers[name] ?? '';
    const problem = fieldProblem(name, value);
    if (problem !== undefined) throw new Failure('INTERNAL', `${what}: not sent: ${problem}`);
    if (!OWN_FIELDS.has(name) && name !== 'accept-encoding') fields.push(name, value);
  }
  fields.push('accept-encoding', 'identity');
  return fields;
}
