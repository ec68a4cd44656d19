import { Failure } from '../model/failure.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { Headers } from '../model/ports.ts';
import type { Action, OriginAddress, Origins, Rule, Rules } from '../model/rule.ts';
import { matchRule, ruleVerdict } from './match-rule.ts';
import { encodeSegments, originUrl } from './origin-url.ts';
import { orderAddresses } from './order-addresses.ts';
import { maskSecret } from './resolve-secret.ts';
import { s3Location, s3OriginKey } from './s3-origin-key.ts';
import { rewriteKey } from './rewrite-key.ts';

/** What becomes of a key, worked out offline; one element of `explain --json`. */
export interface Explanation {
  readonly key: string;
  /** The rule that takes the key; null where none does. */
  readonly rule: string | null;
  /** Where the rule comes from. */
  readonly source: 'file' | null;
  readonly action: Action | null;
  /**
   * In the order they would be tried; absent where no rule matches. What the environment holds is
   * shown as `${NAME}`, never resolved.
   */
  readonly originUrls?: readonly string[];
  /** What rule and first address send; secrets as `${NAME}`. */
  readonly requestHeaders: Headers;
  /** null where nothing would be stored. */
  readonly storedKey: string | null;
  /** What serve would send clients to; null where it answers otherwise. */
  readonly redirect: { readonly status: number; readonly location: string } | null;
  /** Why this rule and not those before it, and what stands in the way; one line. */
  readonly reason: string;
}

const REDIRECTS: ReadonlySet<Action> = new Set(['redirect', 'redirectAndFetch']);
const STORES: ReadonlySet<Action> = new Set(['mirror', 'redirectAndFetch']);

/** Explains one key. Never throws: a key that can't be asked for has its failure as the reason. */
export function explainKey(rules: Rules, key: ObjectKey): Explanation {
  const rule = matchRule(rules.rules, key);
  if (rule === undefined) return unmatched(rules, key);
  const addresses = rule.origins === undefined ? [] : triedAddresses(rule.origins);
  const { urls, problem } = urlsOf(rule, addresses, key);
  const [location] = urls;
  const redirects = REDIRECTS.has(rule.action) && location !== undefined;
  return {
    key,
    rule: rule.id,
    source: 'file',
    action: rule.action,
    originUrls: urls,
    requestHeaders: headersOf(rule, addresses[0]),
    storedKey: STORES.has(rule.action) ? key : null,
    redirect: redirects ? { status: rule.redirect.status, location } : null,
    reason: [ruleVerdict(rule, key).reason, problem, selection(rule), passedOver(rules, rule, key)]
      .filter((part) => part !== undefined)
      .join('; '),
  };
}

/** An explanation for people, on several lines without a final line break. */
export function explainText(explanation: Explanation): string {
  const { key, rule, action, originUrls = [], requestHeaders, storedKey, redirect } = explanation;
  const headers = Object.entries(requestHeaders).map(([name, value]) => `${name}: ${value}`);
  const rows: [string, string][] = [
    ['rule', rule === null ? 'none' : `${rule} (${action ?? ''})`],
    ['why', explanation.reason],
    ...originUrls.map((url, index): [string, string] => [index === 0 ? 'origins' : '', url]),
    ...headers.map((header, index): [string, string] => [index === 0 ? 'headers' : '', header]),
    ...(redirect === null
      ? []
      : [['redirect', `${redirect.status} to ${redirect.location}`] satisfies [string, string]]),
    ['migrate', migrateWords(explanation)],
    ...(storedKey === null ? [] : [['stored as', storedKey] satisfies [string, string]]),
  ];
  return [key, ...rows.map(([name, value]) => `  ${name.padEnd(11)}${value}`)].join('\n');
}

function migrateWords({ rule, action, storedKey, originUrls = [] }: Explanation): string {
  if (rule === null) return 'skips it (no-rule)';
  if (storedKey === null) return `skips it (rule-off: ${action ?? ''} stores nothing)`;
  if (originUrls.length === 0) return 'fails it (KEY_INVALID)';
  return 'copies it unless the bucket has it';
}

function unmatched(rules: Rules, key: ObjectKey): Explanation {
  const why = rules.rules.map((rule) => `\`${rule.id}\`: ${ruleVerdict(rule, key).reason}`);
  return {
    key,
    rule: null,
    source: null,
    action: null,
    requestHeaders: {},
    storedKey: null,
    redirect: null,
    reason: why.length === 0 ? 'there is no rule' : `no rule matches: ${why.join('; ')}`,
  };
}

function urlsOf(
  rule: Rule,
  addresses: readonly OriginAddress[],
  key: ObjectKey,
): { readonly urls: readonly string[]; readonly problem: string | undefined } {
  const urls: string[] = [];
  let problem: string | undefined;
  for (const address of addresses) {
    try {
      urls.push(addressUrl(rule, address, rewriteKey(rule, key)));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      problem ??= `${error.code}: ${error.message}`;
    }
  }
  return { urls, problem };
}

function addressUrl(rule: Rule, { url }: OriginAddress, originKey: string): string {
  const base = maskSecret(url);
  const separator = rule.key.slashes === 'raw' || base.endsWith('/') ? '' : '/';
  if ('env' in url) {
    // What the variable holds is not known here, but the key is judged all the same.
    originUrl('http://unknown.invalid/', originKey, rule.key, '');
    return `${base}${separator}${encodeSegments(originKey)}`;
  }
  const location = s3Location(base);
  if (location !== undefined) {
    // S3 keys are exact: they are not a URL's path before they are signed and sent.
    return `s3://${location.bucket}/${s3OriginKey(location.prefix, originKey, rule.key)}`;
  }
  return originUrl(base, originKey, rule.key, '');
}

function headersOf(rule: Rule, address: OriginAddress | undefined): Headers {
  const named = [...rule.request.headers.set, ...(address?.headers ?? [])];
  const host = address?.hostHeader === undefined ? [] : [['host', address.hostHeader] as const];
  return Object.fromEntries([
    ...host,
    ...named.map(({ name, value }) => [name, maskSecret(value)] as const),
  ]);
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

function passedOver({ rules }: Rules, chosen: Rule, key: ObjectKey): string | undefined {
  const before = rules.slice(0, rules.indexOf(chosen));
  if (before.length === 0) return undefined;
  const why = before.map((rule) => `\`${rule.id}\` (${ruleVerdict(rule, key).reason})`);
  return `passed over: ${why.join(', ')}`;
}

/**
 * The addresses that one object may be asked from, in the order they would be tried. Where `select`
 * is not `ordered`, the first master is one of several that it could be.
 */
function triedAddresses({ masters, slaves, maxAddresses }: Origins): OriginAddress[] {
  const choice = { select: 'ordered', masters, slaves: slaves.length } as const;
  return orderAddresses(choice, 0, () => 0)
    .slice(0, maxAddresses)
    .map(({ role, index }) => (role === 'master' ? masters : slaves)[index])
    .filter((address) => address !== undefined);
}
