/** An absolute HTTP(S) URL taken apart without touching its path: what goes on the wire. */
export interface TargetUrl {
  readonly scheme: 'http' | 'https';
  /** Lower-case, IDNA-encoded, no brackets around IPv6. */
  readonly hostname: string;
  readonly port: number;
  /** As a Host header carries it: brackets, and the port where it is not the scheme's own. */
  readonly authority: string;
  /** `scheme://authority`; equal for two URLs of one scheme, host and port. */
  readonly site: string;
  /** Path and query, byte for byte as given; no fragment. */
  readonly path: string;
  /** The Authorization that the URL's userinfo stands for. */
  readonly authorization: string | undefined;
}

/** Scheme, authority (ended by what ends it for WHATWG too), rest without fragment. */
const ABSOLUTE = /^(https?:\/\/)([^/?#\\]+)([/?][^#]*)?(?:#.*)?$/is;

/** What stands before path, query and fragment. */
const ORIGIN = /^https?:\/\/[^/?#\\]+/i;

/**
 * Takes `raw` apart. The path and query stay as they are, dot segments and doubled slashes
 * included; only what no request line can carry (controls, spaces, backslashes, other than ASCII)
 * is percent-encoded, as UTF-8.
 * @returns undefined where `raw` is no absolute http or https URL.
 */
export function targetUrl(raw: string): TargetUrl | undefined {
  const match = ABSOLUTE.exec(raw);
  const [, scheme = '', authority = '', rest = '/'] = match ?? [];
  if (match === null || !raw.isWellFormed()) return undefined;
  const parsed = parseUrl(scheme, authority);
  if (parsed === undefined) return undefined;
  const isHttps = parsed.protocol === 'https:';
  return {
    scheme: isHttps ? 'https' : 'http',
    hostname: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: Number(parsed.port || (isHttps ? 443 : 80)),
    authority: parsed.host,
    site: `${parsed.protocol}//${parsed.host}`,
    path: wirePath(rest),
    authorization: basicAuthorization(parsed),
  };
}

/** Path and query that go on the wire as they are, and have no fragment. */
const WIRE_READY = /^[\x21\x22\x24-\x5b\x5d-\x7e]*$/;

/**
 * As {@link targetUrl}, for who takes many URLs of one site apart: what stands before the path is
 * parsed once as long as it is the same.
 */
export function targetUrls(): typeof targetUrl {
  let origin = '';
  let parsed: TargetUrl | undefined;
  return (raw) => {
    if (parsed !== undefined && raw.startsWith(origin)) {
      const rest = raw.slice(origin.length);
      if (rest.startsWith('/') && WIRE_READY.test(rest)) return elsewhere(parsed, rest);
    }
    parsed = targetUrl(raw);
    origin = ORIGIN.exec(raw)?.[0] ?? '';
    return parsed;
  };
}

/** The same site at another path. */
function elsewhere(
  { scheme, hostname, port, authority, site, authorization }: TargetUrl,
  path: string,
): TargetUrl {
  return { scheme, hostname, port, authority, site, path, authorization };
}

/** The URL for people: no userinfo, and no query, where signatures and tokens live. */
export function shownUrl({ site, path }: TargetUrl): string {
  const query = path.indexOf('?');
  return site + (query === -1 ? path : path.slice(0, query));
}

/** What a request line can't carry, plus the backslash, which servers disagree about. */
// eslint-disable-next-line no-control-regex -- controls are what it looks for
const UNFIT = /[\u0000-\u0020\\\u007f-\u{10ffff}]/gu;

function wirePath(rest: string): string {
  const rooted = rest.startsWith('?') ? `/${rest}` : rest;
  return rooted.replace(UNFIT, (character) =>
    Array.from(
      new TextEncoder().encode(character),
      (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    ).join(''),
  );
}

function parseUrl(scheme: string, authority: string): URL | undefined {
  // The parser drops tabs and line breaks without a word; here they are no part of a host.
  if (/[\s\p{Cc}]/u.test(authority)) return undefined;
  try {
    return new URL(scheme + authority);
  } catch {
    return undefined;
  }
}

function basicAuthorization(url: URL): string | undefined {
  if (url.username === '' && url.password === '') return undefined;
  const pair = `${decoded(url.username)}:${decoded(url.password)}`;
  return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
