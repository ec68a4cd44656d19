import type { ObjectKey } from '../model/object-key.ts';
import type { HeaderCondition, Match, Rule } from '../model/rule.ts';
import type { ClientRequest } from './client-request.ts';
import { hostFits } from './host-pattern.ts';

/** The bucket's answer to a read of what it lacks. */
const MISS = 404;

/** What a rule's conditions are held against. */
interface Candidate {
  readonly key: ObjectKey;
  /** Absent in bulk commands: what only a request could tell is then left out of account. */
  readonly request?: ClientRequest;
  /** What the bucket answered; undefined: it was not asked yet. */
  readonly status: number | undefined;
}

/** One condition of a rule: whether it is given, whether it holds, and how people read it. */
interface Condition {
  /** Whether it says more than its default does. */
  given(match: Match, candidate: Candidate): boolean;
  holds(match: Match, candidate: Candidate): boolean;
  words(match: Match, holds: boolean, candidate: Candidate): string;
}

const KEY_PREFIX: Condition = {
  given: ({ keyPrefix }) => keyPrefix !== undefined,
  holds: ({ keyPrefix = '' }, { key }) => key.startsWith(keyPrefix),
  words: ({ keyPrefix = '' }, holds) =>
    `the key ${holds ? 'starts' : 'does not start'} with \`${keyPrefix}\``,
};

const KEY_SUFFIX: Condition = {
  given: ({ keySuffix }) => keySuffix !== undefined,
  holds: ({ keySuffix = '' }, { key }) => key.endsWith(keySuffix),
  words: ({ keySuffix = '' }, holds) =>
    `the key ${holds ? 'ends' : 'does not end'} with \`${keySuffix}\``,
};

const METHOD: Condition = {
  given: ({ methods }, { request }) => request !== undefined && methods.length === 1,
  holds: ({ methods }, { request }) => request === undefined || methods.includes(request.method),
  words: ({ methods }, holds, { request }) =>
    holds
      ? `the method is ${methods.join(' or ')}`
      : `it takes ${methods.join(' and ')}, not ${request?.method ?? ''}`,
};

const STATUS: Condition = {
  given: ({ statuses }) => statuses === 'any' || statuses.some((status) => status !== MISS),
  holds: ({ statuses }, { status }) =>
    statuses === 'any' || (status !== undefined && statuses.includes(status)),
  words: ({ statuses }, holds, { status }) => {
    if (statuses === 'any') return 'it answers whatever the bucket holds';
    const answered = status === undefined ? 'no answer yet' : String(status);
    return holds
      ? `it answers the bucket's ${answered}`
      : `it answers the bucket's ${statuses.join(', ')}, not its ${answered}`;
  },
};

const HEADERS: Condition = {
  given: ({ headers }, { request }) => request !== undefined && headers.length > 0,
  holds: ({ headers }, { request }) =>
    request === undefined || headers.every((condition) => headerHolds(condition, request)),
  words: ({ headers }, holds, { request }) => {
    const told = headers.filter(
      (one) => holds || request === undefined || !headerHolds(one, request),
    );
    return told
      .map(({ name, test, value }) => `the header ${name} ${testWords(test, holds)} \`${value}\``)
      .join(' and ');
  },
};

const HOSTS: Condition = {
  given: ({ hosts }, { request }) =>
    request !== undefined && hosts.allow.length + hosts.deny.length > 0,
  holds: ({ hosts }, { request }) => request === undefined || hostHolds(hosts, request.host),
  words: ({ hosts }, holds, { request }) => {
    if (request?.host === undefined) {
      return holds
        ? 'the request names no host'
        : `it takes the host ${fewHosts(hosts.allow)}, the request names none`;
    }
    return `the host ${request.host} is ${holds ? '' : 'not '}allowed`;
  },
};

/** Hosts that a verdict names. */
const MOST_HOSTS = 3;

const KEY_CONDITIONS: ReadonlySet<Condition> = new Set([KEY_PREFIX, KEY_SUFFIX]);
const CONDITIONS: readonly Condition[] = [KEY_PREFIX, KEY_SUFFIX, METHOD, STATUS, HEADERS, HOSTS];

/** Whether a rule takes a key, and why, in words that follow a colon. */
export interface RuleVerdict {
  readonly matches: boolean;
  readonly reason: string;
}

/** The rule for a request before the bucket was asked, or that its answer must be known first. */
export type RuleChoice =
  { readonly decided: true; readonly rule: Rule | undefined } | { readonly decided: false };

/**
 * The rule for a key in bulk commands: the first whose conditions hold, absent ones for every key.
 * Methods, headers and hosts are for serve to judge, and what a bulk command copies is what the
 * bucket would answer 404 for.
 */
export function matchRule(rules: readonly Rule[], key: ObjectKey): Rule | undefined {
  // Asked for each key of a run, so it judges without the objects that the words need.
  for (const rule of rules) if (takesKey(rule, key)) return rule;
  return undefined;
}

/** What all conditions come to for a mere key that the bucket lacks. */
function takesKey({ match }: Rule, key: ObjectKey): boolean {
  const { keyPrefix, keySuffix, statuses } = match;
  if (keyPrefix !== undefined && !key.startsWith(keyPrefix)) return false;
  if (keySuffix !== undefined && !key.endsWith(keySuffix)) return false;
  return statuses === 'any' || statuses.includes(MISS);
}

/**
 * The rule for a client's request that the bucket answered with `status`: the first whose
 * conditions all hold.
 */
export function matchRequest(
  rules: readonly Rule[],
  request: ClientRequest,
  status: number,
): Rule | undefined {
  const candidate = { key: request.key, request, status };
  for (const rule of rules) if (matches(rule, candidate)) return rule;
  return undefined;
}

/** Whether {@link matchUnasked} may find a rule at all; most rules wait for the bucket's answer. */
export function hasUnasked(rules: readonly Rule[]): boolean {
  for (const { match } of rules) if (match.statuses === 'any') return true;
  return false;
}

/**
 * The rule for a request while nobody asked the bucket: one with `statuses: any`, unless a rule
 * above it waits for the bucket's answer; then, and only then, that answer comes first.
 */
export function matchUnasked(rules: readonly Rule[], request: ClientRequest): RuleChoice {
  for (const rule of rules) {
    if (rule.match.statuses === 'any') {
      if (matches(rule, { key: request.key, request, status: undefined })) {
        return { decided: true, rule };
      }
      continue;
    }
    const waits = rule.match.statuses.some((status) =>
      matches(rule, { key: request.key, request, status }),
    );
    if (waits) return { decided: false };
  }
  return { decided: true, rule: undefined };
}

/** The rule that goes on after one with `afterMiss: nextRule`: the next whose conditions hold. */
export function matchAfter(
  rules: readonly Rule[],
  missed: Rule,
  request: ClientRequest,
  status: number,
): Rule | undefined {
  return matchRequest(rules.slice(rules.indexOf(missed) + 1), request, status);
}

/**
 * Judges one rule as {@link matchRequest} does for what the bucket lacks; of one that doesn't match,
 * every condition that fails. A mere key is judged as {@link matchRule} does.
 */
export function ruleVerdict(rule: Rule, asked: ObjectKey | ClientRequest): RuleVerdict {
  const { match } = rule;
  const candidate: Candidate =
    typeof asked === 'string'
      ? { key: asked, status: MISS }
      : { key: asked.key, request: asked, status: MISS };
  const failing = CONDITIONS.filter((condition) => !condition.holds(match, candidate));
  const given = CONDITIONS.filter((condition) => condition.given(match, candidate));
  const told = failing.length > 0 ? failing : given;
  const holds = failing.length === 0;
  const words = told.map((condition) => condition.words(match, holds, candidate));
  const judgesKeys = told.some((condition) => KEY_CONDITIONS.has(condition));
  const reason = [...(holds && !judgesKeys ? ['it takes every key'] : []), ...words].join(' and ');
  return { matches: holds, reason };
}

/** The first ones: a rule may allow hundreds. */
function fewHosts(hosts: readonly string[]): string {
  const more = hosts.length - MOST_HOSTS;
  return [...hosts.slice(0, MOST_HOSTS), ...(more > 0 ? [`${more} more`] : [])].join(' or ');
}

function matches({ match }: Rule, candidate: Candidate): boolean {
  for (const condition of CONDITIONS) if (!condition.holds(match, candidate)) return false;
  return true;
}

function headerHolds({ name, test, value }: HeaderCondition, { headers }: ClientRequest): boolean {
  const sent = Object.hasOwn(headers, name) ? headers[name] : undefined;
  if (sent === undefined) return false;
  switch (test) {
    case 'equals':
      return sent === value;
    case 'startsWith':
      return sent.startsWith(value);
    case 'endsWith':
      return sent.endsWith(value);
  }
}

function testWords(test: HeaderCondition['test'], holds: boolean): string {
  const words = {
    equals: ['is', 'is not'],
    startsWith: ['starts with', 'does not start with'],
    endsWith: ['ends with', 'does not end with'],
  } as const;
  return words[test][holds ? 0 : 1];
}

/** Without a host only an empty `allow` holds; `deny` beats `allow`. */
function hostHolds({ allow, deny }: Match['hosts'], host: string | undefined): boolean {
  if (host === undefined) return allow.length === 0;
  if (deny.some((pattern) => hostFits(pattern, host))) return false;
  return allow.length === 0 || allow.some((pattern) => hostFits(pattern, host));
}
