import type { Headers } from '../model/ports.ts';

/** Where stores tell what they call a request; support at AWS asks for both. */
export const REQUEST_ID_FIELDS = ['x-amz-request-id', 'x-amz-id-2'];

/** What ids are made of, so that one that is shown breaks no line. */
const ID = /^[\w+/=.:@~-]{1,200}$/;

/**
 * What a store calls the request of an answer, by its headers; undefined where they don't tell, or
 * tell what is no id.
 */
export function requestIdIn(headers: Headers): string | undefined {
  const ids = REQUEST_ID_FIELDS.flatMap((name) => headers[name] ?? []).filter((id) => ID.test(id));
  return ids.length === 0 ? undefined : ids.join(' ');
}
