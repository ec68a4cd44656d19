import { Failure } from '../model/failure.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { OriginAddress, Origins, Rule, Secret } from '../model/rule.ts';
import type { ClientRequest } from './client-request.ts';
import { encodeSegments, originUrl } from './origin-url.ts';
import { orderAddresses } from './order-addresses.ts';
import { passedQuery } from './pass-query.ts';
import { redirectTarget, type RedirectTarget } from './redirect-target.ts';
import { maskSecret } from './resolve-secret.ts';
import { rewriteKey } from './rewrite-key.ts';
import { s3Location, s3OriginKey } from './s3-origin-key.ts';

/** Stands for a base that only the environment knows, so that keys can be judged all the same. */
const UNKNOWN_BASE = 'http://unknown.invalid/';

/**
 * The addresses that one object may be asked from, in the order they would be tried. Where `select`
 * is not `ordered`, the first master is one of several that it could be.
 */
export function triedAddresses(origins: Origins | undefined): readonly OriginAddress[] {
  if (origins === undefined) return [];
  const { masters, slaves, maxAddresses } = origins;
  const choice = { select: 'ordered', masters, slaves: slaves.length } as const;
  return orderAddresses(choice, 0, () => 0)
    .slice(0, maxAddresses)
    .map(({ role, index }) => (role === 'master' ? masters : slaves)[index])
    .filter((address) => address !== undefined);
}

/** URLs as far as the key can be asked for, and what stands in the way of the others. */
export interface TriedUrls {
  readonly urls: readonly string[];
  readonly problem: string | undefined;
}

/**
 * The URLs of a key at the addresses of its rule. What the environment holds stays `${NAME}`.
 * @param query what is passed on, without `?`; '' for none
 */
export function triedUrls(rule: Rule, key: ObjectKey, query: string): TriedUrls {
  const urls: string[] = [];
  let problem: string | undefined;
  for (const { url } of triedAddresses(rule.origins)) {
    const said = unlessRefused(() => addressUrl(rule, url, rewriteKey(rule, key), query));
    if (said instanceof Failure) problem ??= `${said.code}: ${said.message}`;
    else urls.push(said);
  }
  return { urls, problem };
}

/** Where the rule would send a client; undefined where it can't. */
export function explainRedirect(rule: Rule, request: ClientRequest): RedirectTarget | undefined {
  const url = rule.origins?.masters[0]?.url;
  if (url === undefined) return undefined;
  const target = unlessRefused(() => {
    if ('text' in url) return redirectTarget(rule, url.text, request);
    const query = rule.redirect.passQuery ? passedQuery(request.query) : '';
    const location = addressUrl(rule, url, rewriteKey(rule, request.key), query);
    return { status: rule.redirect.status, location };
  });
  return target instanceof Failure ? undefined : target;
}

function unlessRefused<T>(work: () => T): T | Failure {
  try {
    return work();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

function addressUrl(rule: Rule, url: Secret, originKey: string, query: string): string {
  const base = maskSecret(url);
  if ('env' in url) {
    originUrl(UNKNOWN_BASE, originKey, rule.key, '');
    const separator = rule.key.slashes === 'raw' ? '' : '/';
    return `${base}${separator}${encodeSegments(originKey)}${query === '' ? '' : `?${query}`}`;
  }
  const location = s3Location(base);
  if (location !== undefined) {
    // S3 keys are exact: they are not a URL's path before they are signed and sent. A query would
    // be a sub-resource there and is not sent.
    return `s3://${location.bucket}/${s3OriginKey(location.prefix, originKey, rule.key)}`;
  }
  return originUrl(base, originKey, rule.key, query);
}
