import type { ObjectKey } from '../model/object-key.ts';
import type { Headers } from '../model/ports.ts';

/** What a client asks for, as far as rules judge it and pass it on. */
export interface ClientRequest {
  readonly key: ObjectKey;
  /** Upper-case. */
  readonly method: string;
  /** As the Host header has it, port included; undefined where the request names none. */
  readonly host: string | undefined;
  /** Lower-case names. */
  readonly headers: Headers;
  /** As it came, without `?`; '' for none. */
  readonly query: string;
}

/** A GET of a key that says nothing else. */
export function plainRequest(key: ObjectKey): ClientRequest {
  return { key, method: 'GET', host: undefined, headers: {}, query: '' };
}
