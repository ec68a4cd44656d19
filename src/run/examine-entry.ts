import type { Bucket, StoredObject } from '../model/bucket.ts';
import type { Entry, KeyEntry } from '../model/entry.ts';
import type { ObjectOutcome } from '../model/event.ts';
import { Failure, FatalError } from '../model/failure.ts';
import type { Origin, OriginRequest } from '../model/origin.ts';
import type { Headers } from '../model/ports.ts';
import type { Rule, Rules } from '../model/rule.ts';
import { decideCopy, isUnchanged, needsPresence, type Overwrite } from '../plan/decide-copy.ts';
import { matchRule } from '../rules/match-rule.ts';
import { rewriteKey } from '../rules/rewrite-key.ts';
import { transferObject } from '../transfer/transfer-object.ts';

/** A rule's origins, ready to be asked, and the headers that the rule sends them. */
export interface RuleSource {
  readonly origin: Origin;
  readonly headers: Headers;
}

/** What every entry is examined with. */
export interface Examination {
  readonly rules: Rules;
  /** By rule id; the rules whose keys bulk commands copy. */
  readonly sources: ReadonlyMap<string, RuleSource>;
  readonly bucket: Bucket;
  readonly overwrite: Overwrite;
  readonly dryRun: boolean;
  /** Told of each request for a body. */
  readonly onRequest: () => void;
}

/**
 * The way of one entry: key, rule, what the bucket has, decision, transfer. A bad object comes
 * back as the outcome `failed`.
 * @throws FatalError, or the signal's reason when the run is aborted; the entry then stays open.
 */
export async function examineEntry(
  examination: Examination,
  entry: Entry,
  signal: AbortSignal,
): Promise<ObjectOutcome> {
  if ('invalid' in entry) {
    const message = `not copied: ${entry.reason}`;
    return { outcome: 'failed', rule: null, code: 'KEY_INVALID', message, attempts: 0 };
  }
  const rule = matchRule(examination.rules.rules, entry.key);
  if (rule === undefined) return { outcome: 'skipped', rule: null, reason: 'no-rule' };
  const source = examination.sources.get(rule.id);
  if (source === undefined) return { outcome: 'skipped', rule: rule.id, reason: 'rule-off' };
  const requests = { made: 0 };
  try {
    return await copyEntry(examination, entry, rule, source, requests, signal);
  } catch (error) {
    if (error instanceof FatalError) throw error;
    signal.throwIfAborted();
    return failed(rule, error, requests.made);
  }
}

/** How often an object's body was asked for. */
interface BodyRequests {
  made: number;
}

async function copyEntry(
  examination: Examination,
  entry: KeyEntry,
  rule: Rule,
  source: RuleSource,
  requests: BodyRequests,
  signal: AbortSignal,
): Promise<ObjectOutcome> {
  const { bucket, overwrite, dryRun } = examination;
  const originKey = rewriteKey(rule, entry.key);
  const present = needsPresence(overwrite) ? await bucket.head(entry.key, signal) : undefined;
  const decision = decideCopy(overwrite, present);
  if (!decision.copy) return { outcome: 'skipped', rule: rule.id, reason: decision.reason };
  const request: OriginRequest = {
    key: entry.key,
    originKey,
    query: '',
    url: entry.url,
    headers: source.headers,
    unless: decision.unless,
    onRequest: () => {
      requests.made += 1;
      examination.onRequest();
    },
  };
  const stored = decision.unless === undefined ? undefined : present;
  if (dryRun) return plan(rule, source.origin, request, stored, signal);
  const { ifAbsent } = decision;
  const { store } = rule;
  const transfer = { entry, source: source.origin, request, bucket, store, ifAbsent, stored };
  const moved = await transferObject(transfer, signal);
  return moved.outcome === 'copied'
    ? { ...moved, rule: rule.id, attempts: requests.made }
    : { ...moved, rule: rule.id };
}

/** A dry run asks the origin only where the answer decides whether anything would be copied. */
async function plan(
  rule: Rule,
  origin: Origin,
  request: OriginRequest,
  stored: StoredObject | undefined,
  signal: AbortSignal,
): Promise<ObjectOutcome> {
  if (stored === undefined) return { outcome: 'planned', rule: rule.id };
  const unchanged = await origin.read(
    request,
    ({ head }) => Promise.resolve(head.status === 304 || isUnchanged(stored, head)),
    signal,
  );
  return unchanged
    ? { outcome: 'skipped', rule: rule.id, reason: 'unchanged' }
    : { outcome: 'planned', rule: rule.id };
}

function failed(rule: Rule, error: unknown, attempts: number): ObjectOutcome {
  if (error instanceof Failure) {
    const { code, status, origin, message } = error;
    return { outcome: 'failed', rule: rule.id, code, status, origin, message, attempts };
  }
  const message = `a bug of bucketfill, please report it: ${String(error)}`;
  return { outcome: 'failed', rule: rule.id, code: 'INTERNAL', message, attempts };
}
