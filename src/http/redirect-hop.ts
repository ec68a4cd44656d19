import { Failure, type RefusedAnswer } from '../model/failure.ts';
import { shownUrl, targetUrl, type TargetUrl } from './target-url.ts';

/** How redirects are taken. */
export interface RedirectPolicy {
  readonly follow: boolean;
  /** Redirects followed for one request. */
  readonly maxRedirects: number;
  /** Sends `Referer: scheme://host/` of whoever redirected. */
  readonly refererOnRedirect: boolean;
}

/** Methods that every redirect leaves as they are. */
export type RedirectedMethod = 'GET' | 'HEAD';

/** One request in a chain of redirects. */
export interface Hop {
  /** The same in the whole chain. */
  readonly method: RedirectedMethod;
  readonly target: TargetUrl;
  /** The Referer that this hop must carry; undefined: none is added. */
  readonly referer: string | undefined;
  /** The URLs asked so far, this one included. */
  readonly asked: readonly string[];
}

/** Statuses that send a GET or HEAD elsewhere. */
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Whether a GET or HEAD goes on at another URL; 304 and 300 do not. */
export function isRedirect(status: number): boolean {
  return REDIRECTS.has(status);
}

/** The chain's first request. */
export function firstHop(target: TargetUrl, method: RedirectedMethod = 'GET'): Hop {
  return { method, target, referer: undefined, asked: [target.site + target.path] };
}

/**
 * Where a redirect leads.
 * @param answer what its failure brings along where redirects are not followed
 * @throws Failure `ORIGIN_STATUS` where redirects are not followed (with `location`, an absolute URL
 * without userinfo, where the redirect names one of http or https), `REDIRECT_REFUSED` for one that nobody should follow, `LOOP_DETECTED`.
 */
export function nextHop(
  hop: Hop,
  status: number,
  location: string | undefined,
  policy: RedirectPolicy,
  answer?: RefusedAnswer,
): Hop {
  const what = `${hop.method} ${shownUrl(hop.target)}`;
  if (!policy.follow) {
    const line = `${what}: answered ${String(status)}, and followRedirects is false`;
    const details = { status, location: absoluteUrl(hop.target, location), answer };
    throw new Failure('ORIGIN_STATUS', line, details);
  }
  const refuse = (why: string): Failure =>
    new Failure('REDIRECT_REFUSED', `${what}: answered ${String(status)} ${why}`, { status });
  if (location === undefined || location === '') throw refuse('without a Location');
  const target = resolveLocation(hop.target, location);
  if (target === undefined) throw refuse('with a Location that is no http or https URL');
  if (hop.target.scheme === 'https' && target.scheme === 'http') {
    throw refuse(`to ${shownUrl(target)}: from https to http`);
  }
  const url = target.site + target.path;
  if (hop.asked.includes(url)) {
    const line = `${what}: answered ${String(status)} back to ${shownUrl(target)}, which was asked before`;
    throw new Failure('LOOP_DETECTED', line, { status });
  }
  if (hop.asked.length > policy.maxRedirects) {
    throw refuse(`after ${String(policy.maxRedirects)} redirects (maxRedirects)`);
  }
  const referer = policy.refererOnRedirect ? `${hop.target.site}/` : undefined;
  return { method: hop.method, target, referer, asked: [...hop.asked, url] };
}

/** A Location for somebody else to follow: its fragment stays, and userinfo goes nowhere. */
function absoluteUrl(base: TargetUrl, location: string | undefined): string | undefined {
  if (location === undefined || location === '') return undefined;
  const target = resolveLocation(base, location);
  if (target === undefined) return undefined;
  const [fragment = ''] = /#[!-~]*$/.exec(location) ?? [];
  return target.site + target.path + fragment;
}

/** An absolute URL or path of plain ASCII, without dot segments: nothing in it needs resolving. */
const AS_IT_IS =
  /^(?:https?:\/\/[^/?#\\]+|(?=\/(?!\/)))(?:\/(?!\.{1,2}(?:[/?#]|$))[^/?#\\]*)*(?:[?#].*)?$/i;

/**
 * Resolves a Location as RFC 3986 and WHATWG do, but sends what came percent-encoded as it came:
 * a signature may cover exactly those bytes. Raw bytes above ASCII are percent-encoded.
 */
function resolveLocation(base: TargetUrl, location: string): TargetUrl | undefined {
  const ascii = location.replace(
    /[\u0080-\u00ff]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const isAbsolute = /^https?:\/\//i.test(ascii);
  if (/^[!-~]+$/.test(ascii) && AS_IT_IS.test(ascii)) {
    return targetUrl(isAbsolute ? ascii : base.site + ascii);
  }
  try {
    return targetUrl(new URL(ascii, base.site + base.path).href);
  } catch {
    return undefined;
  }
}
