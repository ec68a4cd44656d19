import type { ObjectKey } from '../model/object-key.ts';
import type { Headers } from '../model/ports.ts';
import type { Action, OriginAddress, Rule, Rules } from '../model/rule.ts';
import { type ClientRequest, plainRequest } from './client-request.ts';
import type { BroughtBy } from './compose-rules.ts';
import { explainRedirect, triedAddresses, triedUrls } from './explain-addresses.ts';
import { isVariant, passedOn, type PassedOn } from './is-variant.ts';
import { matchAfter, matchRequest, matchRule, ruleVerdict } from './match-rule.ts';
import type { RedirectTarget } from './redirect-target.ts';
import { maskSecret } from './resolve-secret.ts';
import { rewriteKey } from './rewrite-key.ts';

/** What becomes of a request, worked out offline; one element of `explain --json`. */
export interface Explanation {
  readonly key: ObjectKey;
  /** The rule that takes the request; null where none does. */
  readonly rule: string | null;
  /** Who brought the rule. */
  readonly source: BroughtBy | null;
  readonly action: Action | null;
  /**
   * In the order they would be tried; absent where no rule matches. What the environment holds is
   * shown as `${NAME}`, never resolved.
   */
  readonly originUrls?: readonly string[];
  /** What rule and first address send, and what is passed on; secrets as `${NAME}`. */
  readonly requestHeaders: Headers;
  /** null where nothing would be stored. */
  readonly storedKey: string | null;
  /** What serve would send clients to; null where it answers otherwise. */
  readonly redirect: RedirectTarget | null;
  /** Why this rule and not those before it, and what stands in the way; one line. */
  readonly reason: string;
}

/** The bucket's answer that is assumed: it lacks the key. */
const MISS = 404;

/** Rules that a reason names. */
const MOST_TOLD = 10;

const REDIRECTS: ReadonlySet<Action> = new Set(['redirect', 'redirectAndFetch']);
const STORES: ReadonlySet<Action> = new Set(['mirror', 'redirectAndFetch']);

/**
 * Explains a request for a key that the bucket lacks; a mere key is a GET that says nothing else.
 * Never throws: a key that can't be asked for has its failure as the reason.
 * @param sourceOf who brought the rule of that id
 */
export function explainKey(
  rules: Rules,
  asked: ObjectKey | ClientRequest,
  sourceOf: (rule: string) => BroughtBy = () => 'file',
): Explanation {
  const request = typeof asked === 'string' ? plainRequest(asked) : asked;
  const rule = matchRequest(rules.rules, request, MISS);
  if (rule === undefined) return unmatched(rules, request);
  const passed = passedOn(rule, request);
  const { urls, problem } = triedUrls(rule, request.key, passed.query);
  const redirects = REDIRECTS.has(rule.action);
  const redirect = redirects ? explainRedirect(rule, request) : undefined;
  const stores = STORES.has(rule.action) && urls.length > 0;
  const unstored = whyUnstored(rule, request, passed);
  return {
    key: request.key,
    rule: rule.id,
    source: sourceOf(rule.id),
    action: rule.action,
    originUrls: urls,
    requestHeaders: headersOf(rule, triedAddresses(rule.origins)[0], passed),
    storedKey: stores && unstored === undefined ? request.key : null,
    redirect: redirect ?? null,
    reason: sentence([
      ruleVerdict(rule, request).reason,
      problem,
      redirects && redirect === undefined && problem === undefined ? NO_LOCATION : undefined,
      unstored,
      rewritten(rule, request.key),
      selection(rule),
      missed(rules, rule, request),
      bulkDiffers(rules, rule, request.key),
      passedOver(rules, rule, request),
    ]),
  };
}

const NO_LOCATION = 'clients cannot be sent to its first master, which is no http(s) address';

function unmatched(rules: Rules, request: ClientRequest): Explanation {
  const why = fewest(rules.rules, (rule) => `\`${rule.id}\`: ${ruleVerdict(rule, request).reason}`);
  return {
    key: request.key,
    rule: null,
    source: null,
    action: null,
    requestHeaders: {},
    storedKey: null,
    redirect: null,
    reason: sentence([
      why.length === 0 ? 'there is no rule' : `no rule matches: ${why.join('; ')}`,
      bulkDiffers(rules, undefined, request.key),
    ]),
  };
}

function sentence(parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join('; ');
}

function headersOf(rule: Rule, address: OriginAddress | undefined, passed: PassedOn): Headers {
  const named = [...rule.request.headers.set, ...(address?.headers ?? [])];
  const host = address?.hostHeader === undefined ? [] : [['host', address.hostHeader] as const];
  return Object.fromEntries([
    ...host,
    ...Object.entries(passed.headers),
    ...named.map(({ name, value }) => [name, maskSecret(value)] as const),
  ]);
}

/** Why a rule that stores does not store the answer to this very request. */
function whyUnstored(rule: Rule, request: ClientRequest, passed: PassedOn): string | undefined {
  if (!STORES.has(rule.action)) return undefined;
  if (request.method !== 'GET') return `the answer to ${request.method} is not stored`;
  if (rule.store.variants === 'any' || !isVariant(passed)) return undefined;
  const what = passed.query === '' ? 'header' : 'query';
  return `served, not stored: its ${what} is passed on (store.variants: plain)`;
}

function rewritten(rule: Rule, key: ObjectKey): string | undefined {
  return rule.action === 'rewrite'
    ? `the bucket's \`${rewriteKey(rule, key)}\` answers`
    : undefined;
}

function selection({ origins }: Rule): string | undefined {
  if (origins === undefined || origins.masters.length < 2) return undefined;
  switch (origins.select) {
    case 'ordered':
      return undefined;
    case 'roundRobin':
      return 'masters take turns (roundRobin): each is asked first for its share of the keys';
    case 'weighted':
      return 'the first master is drawn by weight (weighted)';
    case 'random':
      return 'the first master is drawn at random (random)';
  }
}

function missed(rules: Rules, rule: Rule, request: ClientRequest): string | undefined {
  switch (rule.afterMiss) {
    case 'none':
      return undefined;
    case 'redirect': {
      const target = explainRedirect(rule, request);
      if (target === undefined) return NO_LOCATION;
      return `where every origin says 404: ${target.status} to ${target.location}`;
    }
    case 'nextRule': {
      const next = matchAfter(rules.rules, rule, request, MISS);
      return `where every origin says 404: ${next === undefined ? 'no rule goes on' : `\`${next.id}\` goes on`}`;
    }
  }
}

/** Bulk commands judge keys alone; what they come to is told where it is something else. */
function bulkDiffers(rules: Rules, chosen: Rule | undefined, key: ObjectKey): string | undefined {
  const bulk = matchRule(rules.rules, key);
  if (bulk === chosen) return undefined;
  return `bulk commands go by the key alone: to them ${bulk === undefined ? 'no rule takes it' : `\`${bulk.id}\` takes it`}`;
}

/** Rules in words, the first ones: a file may have a thousand. */
function fewest(rules: readonly Rule[], words: (rule: Rule) => string): string[] {
  const more = rules.length - MOST_TOLD;
  return [...rules.slice(0, MOST_TOLD).map(words), ...(more > 0 ? [`${more} more`] : [])];
}

function passedOver({ rules }: Rules, chosen: Rule, request: ClientRequest): string | undefined {
  const before = rules.slice(0, rules.indexOf(chosen));
  if (before.length === 0) return undefined;
  const why = fewest(before, (rule) => `\`${rule.id}\` (${ruleVerdict(rule, request).reason})`);
  return `passed over: ${why.join(', ')}`;
}
