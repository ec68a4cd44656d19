import { Failure } from '../model/failure.ts';
import type { KeyRewrite } from '../model/rule.ts';
import { originName } from './origin-name.ts';
import { splitUrl } from './origin-url-problem.ts';

/**
 * The URL of an origin key below an address, ready for the wire.
 *
 * Scheme, host, base path and the base's own query stay as written. Every segment of the key is
 * percent-encoded (RFC 3986, `!'()*` too). `join` and `keepLeading` add one `/` where the base path
 * lacks it; `raw` adds none, except that a path always begins with one, so that no key can become
 * part of the host. The result must not go through a URL parser that normalises: `a//b`, and
 * encoded `%2F` would be lost there.
 *
 * @param query what is passed on, without `?`; '' for none
 * @throws Failure `KEY_INVALID` for a key with a `.` or `..` segment, unless the rule sends such
 * keys; and always for one that climbs out of the base path.
 */
export function originUrl(
  base: string,
  originKey: string,
  rewrite: KeyRewrite,
  query: string,
): string {
  return originUrls(base, rewrite)(originKey, query);
}

/**
 * As {@link originUrl}, for who asks one address for many keys: it takes the base apart once. What
 * it returns throws the same.
 */
export function originUrls(
  base: string,
  rewrite: KeyRewrite,
): (originKey: string, query: string) => string {
  const parts = splitUrl(base);
  if (parts === undefined) {
    return () => {
      throw new Failure('KEY_INVALID', `the address ${originName(base)} is not a URL; correct it`);
    };
  }
  const needsSlash = parts.path === '' || (rewrite.slashes !== 'raw' && !parts.path.endsWith('/'));
  const basePath = needsSlash ? `${parts.path}/` : parts.path;
  const folder = basePath.slice(0, basePath.lastIndexOf('/') + 1);
  // Joined raw, what follows the base's last slash becomes one segment with the key's beginning.
  const stem = basePath.slice(folder.length);
  const above = `${parts.scheme}://${parts.authority}${folder}`;
  return (originKey, query) => {
    const below = stem + encodeSegments(originKey);
    refuseDotSegments(below, stem !== '', originKey, rewrite.dotSegments);
    return above + below + searchOf(parts.query, query);
  };
}

function searchOf(ofBase: string | undefined, query: string): string {
  if (ofBase === undefined) return query === '' ? '' : `?${query}`;
  return query === '' ? `?${ofBase}` : `?${ofBase}&${query}`;
}

const UNRESERVED = /^[A-Za-z0-9._~/-]*$/;

/** Percent-encodes all but unreserved characters and `/`, as RFC 3986 has it. */
export function encodeSegments(key: string): string {
  return UNRESERVED.test(key) ? key : key.split('/').map(encodeSegment).join('/');
}

function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

const DOT_SEGMENT = /(?:^|\/)\.\.?(?:\/|$)/;

function refuseDotSegments(
  below: string,
  hasStem: boolean,
  originKey: string,
  policy: 'refuse' | 'send',
): void {
  if (!DOT_SEGMENT.test(below)) return;
  if (climbsOut(below.split('/'), hasStem)) {
    throw new Failure(
      'KEY_INVALID',
      `the origin key ${shown(originKey)} climbs out of the address's path; rename the object or rewrite its key`,
    );
  }
  if (policy === 'send') return;
  throw new Failure(
    'KEY_INVALID',
    `the origin key ${shown(originKey)} has a . or .. segment, which HTTP servers resolve; rename the object, or set key.dotSegments: send`,
  );
}

/**
 * Whether dots lead above the base. Empty segments hold nobody up, because many servers merge
 * slashes before they resolve dots; a segment that begins with the base's stem can't be undone.
 */
function climbsOut(segments: readonly string[], hasStem: boolean): boolean {
  let depth = 0;
  for (const [index, segment] of segments.entries()) {
    if (segment === '..') depth -= 1;
    else if (segment !== '.' && segment !== '' && !(hasStem && index === 0)) depth += 1;
    if (depth < 0) return true;
  }
  return false;
}

function shown(key: string): string {
  return JSON.stringify(key.length > 200 ? `${key.slice(0, 200)}…` : key);
}
