import type { Headers } from '../../model/ports.ts';

/** Fields that must not come twice: two readers of such a message see two messages in it. */
const SINGLE: ReadonlySet<string> = new Set(['host', 'content-length']);

/** The headers of a message, or the name of one that stands there twice although it must not. */
export type JoinedHeaders = { readonly headers: Headers } | { readonly repeated: string };

/**
 * Field lines as headers with lower-case names. Repeated fields are joined by `, ` in their order
 * (RFC 9110, 5.3), cookies by `; ` (RFC 6265, 5.4).
 * @param rawHeaders names and values in turn, as node:http gives them
 */
export function joinHeaders(rawHeaders: readonly string[]): JoinedHeaders {
  const headers = new Map<string, string>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    const value = rawHeaders[index + 1] ?? '';
    const before = headers.get(name);
    if (before === undefined) headers.set(name, value);
    else if (SINGLE.has(name)) return { repeated: name };
    else headers.set(name, `${before}${name === 'cookie' ? '; ' : ', '}${value}`);
  }
  // A name may be anything, `__proto__` too.
  return { headers: Object.fromEntries(headers) };
}
