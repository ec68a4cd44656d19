import type { Headers } from '../model/ports.ts';
import type { OriginRequestSettings } from '../model/rule.ts';
import { isDeniedHeader, isHeaderName, isHeaderValue } from './header-names.ts';
import type { RequestHeaders } from './request-headers.ts';

type HeaderPolicy = OriginRequestSettings['headers'];

/**
 * The headers of an origin request that a client caused: what the rule passes on, beneath what it
 * sets. set beats remove, remove beats pass and passAll.
 * @param client lower-case names
 * @param set as `requestHeaders` resolves them
 */
export function clientRequestHeaders(
  policy: HeaderPolicy,
  client: Headers,
  set: RequestHeaders,
): RequestHeaders {
  return {
    headers: Object.fromEntries([
      ...Object.entries(passedHeaders(policy, client)),
      ...Object.entries(set.headers),
    ]),
    secrets: set.secrets,
  };
}

/**
 * What of a client's headers goes to the origins: those that `pass` names, or all with `passAll`;
 * never one on the deny list or one that `Connection` names, and none that `remove` names. A cookie
 * goes only where `pass` names it.
 */
export function passedHeaders(policy: HeaderPolicy, client: Headers): Headers {
  const named = new Set(policy.pass);
  const removed = new Set([...policy.remove, ...connectionOptions(client)]);
  const entries = Object.entries(client).filter(([name, value]) => {
    if (removed.has(name) || !isHeaderName(name) || !isHeaderValue(value)) return false;
    if (name === 'cookie') return named.has(name);
    return !isDeniedHeader(name) && (policy.passAll || named.has(name));
  });
  return Object.fromEntries(entries);
}

/** Headers that belong to the client's own connection because it says so (RFC 9110, 7.6.1). */
function connectionOptions(client: Headers): string[] {
  const options = Object.hasOwn(client, 'connection') ? (client['connection'] ?? '') : '';
  return options.split(',').map((option) => option.trim().toLowerCase());
}
