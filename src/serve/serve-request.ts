import { Failure } from '../model/failure.ts';
import type { ResponseSettings, Rule } from '../model/rule.ts';
import { isBucketFailure } from '../plan/is-bucket-failure.ts';
import { hasUnasked, matchAfter, matchRequest, matchUnasked } from '../rules/match-rule.ts';
import { rewriteKey } from '../rules/rewrite-key.ts';
import { objectKey } from '../model/object-key.ts';
import { answerFailed } from './answer-failed.ts';
import { askedRange } from './client/asked-range.ts';
import { isUnholdable } from './is-unholdable.ts';
import { promiseFill } from './keep-promises.ts';
import { missOf } from './origin-request.ts';
import { redirectClient } from './redirect-client.ts';
import { asFailure, sendError } from './send-error.ts';
import type { Miss } from './serve-fill.ts';
import { serveHit } from './serve-hit.ts';
import { serveMiss } from './serve-miss.ts';
import { serveThrough } from './serve-through.ts';
import type { Exchange, RulesInForce, Serving } from './serving.ts';

/** The bucket's answer to a read of what it lacks. */
const MISS = 404;

/** For keys of no rule: as a rule that says nothing. */
const PLAIN: ResponseSettings = {
  onError: 424,
  passStatuses: [],
  passHeaders: [],
  setHeaders: [],
  validators: 'origin',
  mark: 'x-bucketfill',
  ossTag: false,
};

/**
 * The way of one read: a rule that is decided before the bucket is asked; the bucket; the rule for
 * what the bucket answered; its action. The client has its answer, or a broken connection, when
 * this resolves; it never throws.
 */
export function serveRequest(serving: Serving, exchange: Exchange): Promise<void> {
  const inForce = serving.inForce();
  return hasUnasked(inForce.rules)
    ? decideFirst(serving, exchange, inForce)
    : askBucket(serving, exchange, inForce);
}

async function decideFirst(
  serving: Serving,
  exchange: Exchange,
  inForce: RulesInForce,
): Promise<void> {
  try {
    const unasked = matchUnasked(inForce.rules, exchange.request);
    if (!unasked.decided || unasked.rule === undefined) {
      await askBucket(serving, exchange, inForce);
      return;
    }
    await act(serving, exchange, inForce, unasked.rule);
  } catch (error) {
    giveUp(exchange, error);
  }
}

/** A hit ends here, and most requests are hits: so it is no async function. */
function askBucket(serving: Serving, exchange: Exchange, inForce: RulesInForce): Promise<void> {
  const failed = (error: unknown): Promise<void> =>
    behindTrouble(serving, exchange, inForce, error);
  try {
    const rule = matchRequest(inForce.rules, exchange.request, MISS);
    exchange.rule = rule;
    const { key } = exchange.request;
    return serveHit(serving, exchange, key, rule?.response ?? PLAIN).then(
      (isHit) => (isHit === true ? undefined : behindMiss(serving, exchange, inForce)),
      failed,
    );
  } catch (error) {
    return failed(error);
  }
}

async function behindMiss(
  serving: Serving,
  exchange: Exchange,
  inForce: RulesInForce,
): Promise<void> {
  try {
    await answerWithout(serving, exchange, inForce, MISS);
  } catch (error) {
    giveUp(exchange, error);
  }
}

async function behindTrouble(
  serving: Serving,
  exchange: Exchange,
  inForce: RulesInForce,
  trouble: unknown,
): Promise<void> {
  try {
    await answerWithout(serving, exchange, inForce, saidInstead(exchange, trouble));
  } catch (error) {
    giveUp(exchange, error);
  }
}

/** A client that has left needs no answer. */
function giveUp(exchange: Exchange, error: unknown): void {
  if (!exchange.client.gone.aborted) refuse(exchange, asFailure(error));
}

/** Nothing of an answer that fits has come: trouble of the bucket, or of ours. */
function refuse(exchange: Exchange, failure: Failure): void {
  exchange.failure = failure;
  if (!exchange.client.begun) exchange.mark = undefined;
  if (failure.code === 'INTERNAL') {
    sendError(exchange, { status: 500, code: 'InternalError', message: 'an internal error' });
    return;
  }
  const { retryAfterMs } = failure;
  const message = 'the bucket can not be asked now; try again later';
  sendError(exchange, { status: 503, code: 'SlowDown', message, retryAfterMs });
}

/** Goes on by the rule for what the bucket said instead of giving the object. */
async function answerWithout(
  serving: Serving,
  exchange: Exchange,
  inForce: RulesInForce,
  said: typeof MISS | Failure,
): Promise<void> {
  const { request, rule } = exchange;
  const forStatus = said === MISS ? rule : matchRequest(inForce.rules, request, said.status ?? 503);
  exchange.rule = forStatus;
  if (forStatus !== undefined) await act(serving, exchange, inForce, forStatus);
  else if (said === MISS) notFound(exchange);
  else refuse(exchange, said);
}

/**
 * What the bucket said where reading it failed; what it can't hold it lacks.
 * @throws the error, where that was no answer of the bucket's, or the client has some of it
 */
function saidInstead(exchange: Exchange, error: unknown): typeof MISS | Failure {
  if (isUnholdable(error)) return MISS;
  const failure = asFailure(error);
  if (exchange.client.begun || !isBucketFailure(failure)) throw error;
  exchange.mark = undefined;
  return failure;
}

/** As `serveHit`; a key that the bucket can't hold is not in it. */
async function isHit(
  serving: Serving,
  exchange: Exchange,
  key: string,
  response: ResponseSettings,
): Promise<boolean> {
  try {
    return (await serveHit(serving, exchange, objectKey(key), response)) === true;
  } catch (error) {
    if (isUnholdable(error)) return false;
    throw error;
  }
}

function notFound(exchange: Exchange): void {
  const message = 'the object is not in the bucket';
  sendError(exchange, { status: MISS, code: 'NoSuchKey', message });
}

async function act(
  serving: Serving,
  exchange: Exchange,
  inForce: RulesInForce,
  rule: Rule,
): Promise<void> {
  exchange.rule = rule;
  switch (rule.action) {
    case 'off':
      await answerAsWithout(serving, exchange, rule);
      return;
    case 'rewrite': {
      const key = rewriteKey(rule, exchange.request.key);
      if (!(await isHit(serving, exchange, key, rule.response))) notFound(exchange);
      return;
    }
    case 'redirect':
      redirectClient(exchange, inForce, rule);
      return;
    case 'redirectAndFetch':
    case 'mirror':
    case 'proxy':
      await fromOrigin(serving, exchange, inForce, rule);
  }
}

/** As if there were no rule: the bucket's own answer, where it was not asked yet. */
async function answerAsWithout(serving: Serving, exchange: Exchange, rule: Rule): Promise<void> {
  const isAsked = rule.match.statuses !== 'any';
  const { key } = exchange.request;
  if (!isAsked && (await isHit(serving, exchange, key, rule.response))) return;
  notFound(exchange);
}

async function fromOrigin(
  serving: Serving,
  exchange: Exchange,
  inForce: RulesInForce,
  rule: Rule,
): Promise<void> {
  const source = inForce.sources.get(rule.id);
  if (source === undefined) throw new Error(`rule ${rule.id} has no origins`);
  try {
    const miss = missOf(serving, exchange, rule, source);
    if (await wasStoredMeanwhile(serving, exchange, miss)) return;
    exchange.neededOrigin = true;
    await fetchMiss(serving, exchange, inForce, miss);
  } catch (error) {
    if (exchange.client.gone.aborted) throw error;
    const failure = asFailure(error);
    if (failure.code === 'INTERNAL') throw error;
    await afterFailure(serving, exchange, inForce, rule, failure);
  }
}

/** A fetch may have ended between the bucket's answer and now: then there is one more look. */
async function wasStoredMeanwhile(
  serving: Serving,
  exchange: Exchange,
  { id, rule }: Miss,
): Promise<boolean> {
  const { fills } = serving;
  if (fills.has(id) || !fills.storedSince(id, exchange.begunAt)) return false;
  return isHit(serving, exchange, exchange.request.key, rule.response);
}

/** @throws Failure where no origin gives the object. */
async function fetchMiss(
  serving: Serving,
  exchange: Exchange,
  inForce: RulesInForce,
  miss: Miss,
): Promise<void> {
  const { negative } = serving;
  const { request } = exchange;
  const { rule, id } = miss;
  if (negative.has(id)) {
    exchange.mark = 'NEGATIVE';
    throw new Failure('ORIGIN_NOT_FOUND', `${request.key}: every origin said 404 a moment ago`);
  }
  try {
    if (rule.action === 'redirectAndFetch') {
      if (request.method === 'GET') await promiseFill(serving, miss);
      redirectClient(exchange, inForce, rule);
    } else if (rule.action === 'proxy') await serveThrough(serving, exchange, miss, 'PROXY');
    else if (isThrough(serving, exchange, miss))
      await serveThrough(serving, exchange, miss, 'MISS');
    else await serveMiss(serving, exchange, miss);
  } catch (error) {
    const isMiss = error instanceof Failure && error.code === 'ORIGIN_NOT_FOUND';
    if (isMiss) negative.remember(id, rule.protect.negativeTtlMs);
    throw error;
  }
}

/**
 * HEAD, and ranges of a rule that stores nothing for them, are between client and origin; but a
 * fetch under way tells what HEAD wants to know.
 */
function isThrough({ fills }: Serving, { request }: Exchange, { id, rule }: Miss): boolean {
  const { store } = rule;
  if (request.method === 'HEAD') return !fills.has(id);
  return store.rangeMiss === 'serveOnly' && askedRange(request.headers['range']) !== undefined;
}

async function afterFailure(
  serving: Serving,
  exchange: Exchange,
  inForce: RulesInForce,
  rule: Rule,
  failure: Failure,
): Promise<void> {
  const left = answerFailed(exchange, rule, failure);
  if (left === 'answered') return;
  if (left === 'redirect') {
    redirectClient(exchange, inForce, rule);
    return;
  }
  const next = matchAfter(inForce.rules, rule, exchange.request, MISS);
  if (next === undefined) notFound(exchange);
  else await act(serving, exchange, inForce, next);
}
