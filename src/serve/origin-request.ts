import type { OriginRequest } from '../model/origin.ts';
import type { Rule } from '../model/rule.ts';
import { passedOn } from '../rules/is-variant.ts';
import { clientRequestHeaders } from '../rules/pass-headers.ts';
import { rewriteKey } from '../rules/rewrite-key.ts';
import type { RuleSource } from '../transfer/rule-source.ts';
import { loopMark } from './loop-mark.ts';
import type { Miss } from './serve-fill.ts';
import type { Exchange, Serving } from './serving.ts';

/**
 * What a client's request asks of a rule's origins.
 * @throws Failure `KEY_INVALID`.
 */
export function missOf(
  { name, onOriginRequest }: Pick<Serving, 'name' | 'onOriginRequest'>,
  { request }: Pick<Exchange, 'request'>,
  rule: Rule,
  source: RuleSource,
): Miss {
  const passed = passedOn(rule, request);
  const sent = clientRequestHeaders(rule.request.headers, request.headers, source.headers);
  const originRequest: OriginRequest = {
    key: request.key,
    originKey: rewriteKey(rule, request.key),
    query: passed.query,
    url: undefined,
    headers: { ...sent.headers, ...loopMark(request.headers, name) },
    secretHeaders: sent.secrets,
    unless: undefined,
    keepAnswer: rule.response.passStatuses,
    onRequest: (origin) => {
      onOriginRequest(rule.id, origin);
    },
  };
  return { id: objectId(request.key, rule, passed), rule, source, passed, originRequest };
}

/** Tells objects apart by all that may make them differ, origins included; begins with the key. */
function objectId(key: string, { id }: Rule, { query, headers }: Miss['passed']): string {
  const names = Object.keys(headers).sort();
  const told = names.map((name) => [name, headers[name]]);
  return `${key}\0${id}\0${query}\0${told.length === 0 ? '' : JSON.stringify(told)}`;
}
