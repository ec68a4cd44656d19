import type { Rule } from '../model/rule.ts';
import { redirectTarget } from '../rules/redirect-target.ts';
import { isUnholdable } from './is-unholdable.ts';
import { headersSet, markHeader } from './object-headers.ts';
import { sendError } from './send-error.ts';
import type { Exchange, RulesInForce } from './serving.ts';

/** Sends a client to where its rule says; where that is nowhere, it is told so. */
export function redirectClient(
  exchange: Exchange,
  { redirectBases }: RulesInForce,
  rule: Rule,
): void {
  const { client, request } = exchange;
  exchange.neededOrigin = true;
  const base = redirectBases.get(rule.id);
  const target = base === undefined ? undefined : targetOf(rule, base, request);
  if (target === undefined) {
    const message = 'its rule has no address that a client can be sent to for this key';
    sendError(exchange, { status: rule.response.onError, code: 'MirrorFailed', message });
    return;
  }
  exchange.mark = 'REDIRECT';
  client.head(target.status, {
    ...headersSet(rule.response),
    ...markHeader(rule.response, 'REDIRECT'),
    location: target.location,
    'content-length': '0',
  });
  client.end();
}

function targetOf(
  rule: Rule,
  base: string,
  request: Exchange['request'],
): ReturnType<typeof redirectTarget> {
  try {
    return redirectTarget(rule, base, request);
  } catch (error) {
    if (isUnholdable(error)) return undefined;
    throw error;
  }
}
