import type { Headers } from '../model/ports.ts';
import type { Rule } from '../model/rule.ts';
import type { ClientRequest } from './client-request.ts';
import { passedHeaders } from './pass-headers.ts';
import { passedQuery } from './pass-query.ts';

/** What of a client's request reaches the origins. */
export interface PassedOn {
  /** Without `?` and signature parameters; '' for none. */
  readonly query: string;
  readonly headers: Headers;
}

/** What a rule passes on of a client's request. */
export function passedOn({ request }: Rule, client: ClientRequest): PassedOn {
  return {
    query: request.passQuery ? passedQuery(client.query) : '',
    headers: passedHeaders(request.headers, client.headers),
  };
}

/**
 * Whether an answer may be another one than a plain read of the key gets, because something of the
 * client's request went along. With `store.variants: plain` such an answer is served, not stored.
 */
export function isVariant({ query, headers }: PassedOn): boolean {
  return query !== '' || Object.keys(headers).length > 0;
}
