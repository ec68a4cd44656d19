import type { Headers } from '../../model/ports.ts';
import { setHeader } from '../../model/set-header.ts';
import { remembered } from '../remembered.ts';

/** Fields that must not come twice: two readers of such a message see two messages in it. */
const SINGLE: ReadonlySet<string> = new Set(['host', 'content-length']);

/** The headers of a message, or the name of one that stands there twice although it must not. */
export type JoinedHeaders = { readonly headers: Headers } | { readonly repeated: string };

/** Clients write the same few names in each request. */
const lowerCase = remembered((name) => name.toLowerCase());
/** Longer ones are nobody's, and would only take up room. */
const MOST_LETTERS = 64;

function fieldName(sent: string): string {
  const known = sent.length > MOST_LETTERS ? undefined : lowerCase(sent);
  return known ?? sent.toLowerCase();
}

/**
 * Field lines as headers with lower-case names. Repeated fields are joined by `, ` in their order
 * (RFC 9110, 5.3), cookies by `; ` (RFC 6265, 5.4).
 * @param rawHeaders names and values in turn, as node:http gives them
 */
export function joinHeaders(rawHeaders: readonly string[]): JoinedHeaders {
  const headers: Record<string, string> = {};
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = fieldName(rawHeaders[index] ?? '');
    const value = rawHeaders[index + 1] ?? '';
    // A name may be anything, `constructor` too.
    const before = Object.hasOwn(headers, name) ? headers[name] : undefined;
    if (before === undefined) setHeader(headers, name, value);
    else if (SINGLE.has(name)) return { repeated: name };
    else setHeader(headers, name, `${before}${name === 'cookie' ? '; ' : ', '}${value}`);
  }
  return { headers };
}
