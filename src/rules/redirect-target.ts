import type { Rule } from '../model/rule.ts';
import type { ClientRequest } from './client-request.ts';
import { secretParameter } from './inline-secret.ts';
import { splitUrl } from './origin-url-problem.ts';
import { originUrl } from './origin-url.ts';
import { passedQuery } from './pass-query.ts';
import { rewriteKey } from './rewrite-key.ts';

/** A redirect as a client gets it. */
export interface RedirectTarget {
  readonly status: number;
  /** What stands in Location. */
  readonly location: string;
}

/**
 * Where a rule sends a client: to the first master's URL for the key, with the client's query where
 * `redirect.passQuery` says so, without its signature. What the address holds to be let in (a user
 * name, a password, a query with a secret) stays here.
 * @param base the first master's URL, resolved
 * @returns undefined where the first master is no HTTP(S) address: a client can't be sent there
 * @throws Failure `KEY_INVALID` as `originUrl`
 */
export function redirectTarget(
  rule: Rule,
  base: string,
  request: Pick<ClientRequest, 'key' | 'query'>,
): RedirectTarget | undefined {
  const parts = splitUrl(base);
  if (parts === undefined || !/^https?$/.test(parts.scheme)) return undefined;
  const host = parts.authority.slice(parts.authority.lastIndexOf('@') + 1);
  const isOpen = parts.query !== undefined && secretParameter(parts.query) === undefined;
  const shown = `${parts.scheme}://${host}${parts.path}${isOpen ? `?${parts.query}` : ''}`;
  const query = rule.redirect.passQuery ? passedQuery(request.query) : '';
  const location = originUrl(shown, rewriteKey(rule, request.key), rule.key, query);
  return { status: rule.redirect.status, location };
}
