import { Failure } from '../model/failure.ts';
import type { Headers } from '../model/ports.ts';

const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;

/** Everything but tab, printable ASCII and the upper half of Latin-1. */
const UNFIT = /[^\t\x20-\x7e\x80-\xff]/;

/** Fields that the client writes itself: they are about the connection, not about the object. */
const OWN_FIELDS = new Set([
  'accept-encoding',
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

/** What is known of a field of that name. */
interface KnownField {
  readonly isOwn: boolean;
  /** The latest value that can be sent; most fields have the same in every request. */
  fitValue: string;
}

/** Names that are remembered: requests have some twenty; a bulk of metadata may have any. */
const MOST_NAMES = 256;

/** Writes the header fields of one client's requests. */
export class RequestFields {
  readonly #userAgent: string;
  readonly #known = new Map<string, KnownField>();

  /** @param userAgent of requests that name none */
  constructor(userAgent: string) {
    this.#userAgent = userAgent;
  }

  /**
   * Header fields as a flat list of names and values, as they go onto the wire. `host` comes first
   * and `accept-encoding` is always `identity`: only then are the bytes that come the object's own.
   * @throws Failure `INTERNAL` for a field that would break the request apart.
   */
  list(what: string, host: string, headers: Headers): string[] {
    const fields = ['host', host];
    if (headers['user-agent'] === undefined) fields.push('user-agent', this.#userAgent);
    for (const name of Object.keys(headers)) {
      const value = headers[name] ?? '';
      if (!this.#checked(what, name, value).isOwn) fields.push(name, value);
    }
    fields.push('accept-encoding', 'identity');
    return fields;
  }

  #checked(what: string, name: string, value: string): KnownField {
    const field = this.#known.get(name);
    if (field?.fitValue === value) return field;
    const problem = fieldProblem(name, value);
    if (problem !== undefined) throw new Failure('INTERNAL', `${what}: not sent: ${problem}`);
    if (field === undefined) {
      const added = { isOwn: OWN_FIELDS.has(name), fitValue: value };
      if (this.#known.size < MOST_NAMES) this.#known.set(name, added);
      return added;
    }
    field.fitValue = value;
    return field;
  }
}
