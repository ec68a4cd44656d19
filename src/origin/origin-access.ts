import type { DialIdentity } from '../http/dial.ts';
import type { Hop } from '../http/redirect-hop.ts';
import { fieldProblem } from '../http/request-fields.ts';
import { targetUrl, type TargetUrl } from '../http/target-url.ts';
import { FatalError } from '../model/failure.ts';
import type { OriginRequest } from '../model/origin.ts';
import type { Headers } from '../model/ports.ts';

/** What an address is given to be let in and to be found. */
export interface AddressIdentity {
  /** The address's own headers, lower-case names: they may hold credentials. */
  readonly headers: Headers;
  readonly hostHeader: string | undefined;
  readonly serverName: string | undefined;
  /** `host[:port]` that is dialled instead of the URL's. */
  readonly connectTo: string | undefined;
  /** PEM texts. */
  readonly tls: {
    readonly ca: string | undefined;
    readonly cert: string | undefined;
    readonly key: string | undefined;
  };
}

/** Decides what goes along to which site. */
export interface OriginAccess {
  /** The address itself. */
  readonly home: TargetUrl;
  /** What is sent to the address where no object is asked for. */
  readonly homeHeaders: Headers;
  /** The headers of one hop of `request`, whose first URL is `first`. */
  headers(request: OriginRequest, first: TargetUrl, hop: Hop): Headers;
  /** How a site is dialled, and as which host it is asked. */
  connection(target: TargetUrl): {
    readonly identity: DialIdentity;
    readonly hostHeader: string | undefined;
  };
}

/** Headers of a rule that let somebody in, wherever they were set. */
const CREDENTIAL_HEADERS = ['authorization', 'cookie'];

/**
 * Keeps the address's credentials (its headers, userinfo, client certificate, Host, server name
 * and connectTo, a rule's secret headers, its Authorization and Cookie) to its own scheme, host and port: neither
 * a redirect nor a list's URL takes them anywhere else. Userinfo in a list's URL goes to that
 * URL's site, and userinfo in a redirect nowhere. `ca` is trust, not a credential: it holds
 * wherever a redirect leads.
 * @throws FatalError `usage` where the address can't be worked with.
 */
export function originAccess(
  settings: {
    readonly name: string;
    readonly baseUrl: string;
  } & AddressIdentity,
): OriginAccess {
  const { name, hostHeader, serverName, connectTo, tls } = settings;
  const home = targetUrl(settings.baseUrl);
  if (home === undefined) {
    throw new FatalError('usage', `origin ${name}: its URL is no http or https URL`);
  }
  const atHome: DialIdentity = { serverName, connectTo, ...tls };
  const away: DialIdentity = { ca: tls.ca };
  const homeHeaders = checkedHeaders(name, {
    ...(home.authorization === undefined ? {} : { authorization: home.authorization }),
    ...settings.headers,
  });
  if (hostHeader !== undefined) checkedHeaders(name, { host: hostHeader });

  const [homeConnection, awayConnection] = [
    { identity: atHome, hostHeader },
    { identity: away, hostHeader: undefined },
  ];
  // A rule has the same headers for all of its requests.
  let latest: { readonly of: Headers; readonly merged: Headers } | undefined;
  const atHomeWith = (headers: Headers): Headers => {
    if (latest?.of !== headers) latest = { of: headers, merged: { ...headers, ...homeHeaders } };
    return latest.merged;
  };

  return {
    home,
    homeHeaders,
    headers: (request, first, { target, referer }) => {
      const isHome = target.site === home.site;
      const isListed = request.url !== undefined && target.site === first.site;
      const own = isListed ? first.authorization : undefined;
      const headers = isHome ? atHomeWith(request.headers) : withoutCredentials(request);
      if (own === undefined && referer === undefined) return headers;
      return {
        ...headers,
        ...(own === undefined ? {} : { authorization: own }),
        ...(referer === undefined ? {} : { referer }),
      };
    },
    connection: (target) => (target.site === home.site ? homeConnection : awayConnection),
  };
}

/** The headers of a request without those that let somebody in. */
export function withoutCredentials({ headers, secretHeaders }: OriginRequest): Headers {
  const isCredential = (header: string): boolean =>
    CREDENTIAL_HEADERS.includes(header) || secretHeaders?.has(header) === true;
  const names = Object.keys(headers);
  if (!names.some(isCredential)) return headers;
  return Object.fromEntries(Object.entries(headers).filter(([header]) => !isCredential(header)));
}

function checkedHeaders(name: string, headers: Headers): Headers {
  for (const [header, value] of Object.entries(headers)) {
    const problem = fieldProblem(header, value);
    if (problem !== undefined) throw new FatalError('usage', `origin ${name}: ${problem}`);
  }
  return headers;
}
