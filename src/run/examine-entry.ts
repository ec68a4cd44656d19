import type { StoredObject } from '../model/bucket.ts';
import type { Entry, KeyEntry } from '../model/entry.ts';
import type { ObjectOutcome } from '../model/event.ts';
import { FatalError, Interrupted } from '../model/failure.ts';
import type { OriginRequest, Unless } from '../model/origin.ts';
import type { Clock } from '../model/ports.ts';
import { type CopyDecision, decideCopy, needsPresence } from '../plan/decide-copy.ts';
import { matchRule } from '../rules/match-rule.ts';
import { rewriteKey } from '../rules/rewrite-key.ts';
import { readBothBodies } from '../transfer/read-both-bodies.ts';
import { copied, failed, skipped } from './entry-outcome.ts';
import type { EntryWork, Examination } from './examination.ts';
import { moveUnlessHeld, type Moved } from './move-entry.ts';
import { planEntry } from './plan-entry.ts';
import { ASKED_NOTHING, askingOf, type BatchPresence, type Presence } from './presence.ts';

/**
 * Begins the way of one entry: key, rule, what is known of the bucket.
 * @returns its outcome, where nobody has to be asked for it; else what there is to do, for
 * {@link examineEntry}.
 */
export function beginEntry(
  examination: Examination,
  entry: Entry,
  inBucket: BatchPresence,
): ObjectOutcome | EntryWork {
  if ('invalid' in entry) {
    const message = `not copied: ${entry.reason}`;
    return { outcome: 'failed', rule: null, code: 'KEY_INVALID', message, attempts: 0 };
  }
  const rule = matchRule(examination.rules.rules, entry.key);
  if (rule === undefined) return { outcome: 'skipped', rule: null, reason: 'no-rule' };
  if (examination.filter?.keeps(entry.key) === false) return skipped(rule, 'filtered');
  const source = examination.sources.get(rule.id);
  if (source === undefined) return skipped(rule, 'rule-off');
  const isThere = inBucket.known(entry.key)?.state === 'present';
  if (isThere && examination.overwrite === 'never') return skipped(rule, 'exists');
  return { entry, rule, source, inBucket, sinceMs: 0, requests: 0 };
}

/**
 * The rest of the way: what the bucket has, decision, transfer. A bad object comes back as the
 * outcome `failed`.
 * @throws FatalError, or the signal's reason when the run is aborted; the entry then stays open.
 */
export async function examineEntry(
  examination: Examination,
  work: EntryWork,
  signal: AbortSignal,
): Promise<ObjectOutcome> {
  const { rule } = work;
  const givenUp = examination.givenUp.get(rule.id);
  if (givenUp !== undefined) throw givenUp;
  const sinceMs = examination.clock.now();
  work.sinceMs = sinceMs;
  try {
    return await copyEntry(examination, work, signal);
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    if (error instanceof FatalError) {
      if (error.kind === 'origins-unusable') examination.givenUp.set(rule.id, error);
      throw error;
    }
    signal.throwIfAborted();
    return failed(rule, error, work.requests, elapsed(examination.clock, sinceMs));
  }
}

/** Milliseconds since then; the wall clock may have been set back meanwhile. */
function elapsed(clock: Clock, sinceMs: number): number {
  return Math.max(clock.now() - sinceMs, 0);
}

/** While another process is at work on the key the entry waits; then it is looked at anew. */
async function copyEntry(
  examination: Examination,
  work: EntryWork,
  signal: AbortSignal,
): Promise<ObjectOutcome> {
  const { bucket, shared, overwrite, onWait } = examination;
  for (;;) {
    const outcome = await copyUnlessHeld(examination, work, signal);
    if (outcome.outcome !== 'held') return outcome;
    onWait(true);
    try {
      await shared?.ended(work.entry.key, outcome.by, signal);
    } finally {
      onWait(false);
    }
    work.inBucket = needsPresence(overwrite) ? askingOf(bucket) : ASKED_NOTHING;
  }
}

type Held = Extract<Moved, { readonly outcome: 'held' }>;

async function copyUnlessHeld(
  examination: Examination,
  work: EntryWork,
  signal: AbortSignal,
): Promise<ObjectOutcome | Held> {
  const { overwrite } = examination;
  const { entry, rule } = work;
  const found = presenceOf(examination, work, signal);
  const presence = found instanceof Promise ? await found : found;
  const present = presence.state === 'present' ? presence : undefined;
  if (present !== undefined && overwrite === 'never') return skipped(rule, 'exists');
  const stored = present && (present.object ?? (await examination.bucket.head(entry.key, signal)));
  const decided = decide(examination, work, stored, signal);
  const decision = decided instanceof Promise ? await decided : decided;
  if (!decision.copy) return skipped(rule, decision.reason);
  return copyDecided(examination, work, { decision, presence, stored }, signal);
}

/** What was found in the bucket, and what follows from it. */
interface Decided {
  readonly decision: Extract<CopyDecision, { readonly copy: true }>;
  readonly presence: Presence;
  readonly stored: StoredObject | undefined;
}

async function copyDecided(
  examination: Examination,
  work: EntryWork,
  { decision, presence, stored }: Decided,
  signal: AbortSignal,
): Promise<ObjectOutcome | Held> {
  const { dryRun, clock } = examination;
  const { rule } = work;
  const request = requestFor(examination, work, decision.unless);
  const kept = decision.keepUnchanged ? stored : undefined;
  if (dryRun) return planEntry(rule, work.source, request, kept, signal);
  const { ifAbsent } = decision;
  const isKnown = presence.state !== 'unknown';
  const copying = { request, ifAbsent, stored: kept, isKnown };
  const moved = await moveUnlessHeld(examination, work, copying, signal);
  if (moved.outcome === 'held') return moved;
  if (moved.outcome === 'skipped') return skipped(rule, moved.reason);
  return copied(rule, moved, work.requests, elapsed(clock, work.sinceMs));
}

type Decision = CopyDecision | { readonly copy: false; readonly reason: 'unchanged' };

/** Whoever is distrustful reads both sides first, and copies what differs whatever else is alike. */
function decide(
  examination: Examination,
  work: EntryWork,
  stored: StoredObject | undefined,
  signal: AbortSignal,
): Decision | Promise<Decision> {
  const { checksum, overwrite } = examination;
  if (checksum !== true || stored === undefined) return decideCopy(overwrite, stored);
  return decideByBodies(examination, work, stored, signal);
}

async function decideByBodies(
  examination: Examination,
  work: EntryWork,
  stored: StoredObject,
  signal: AbortSignal,
): Promise<Decision> {
  const { bucket, memory, clock } = examination;
  const { rule, source } = work;
  const request = requestFor(examination, work, undefined);
  const sides = { bucket, origin: source.origin, store: rule.store, request, memory, clock };
  const { origin: there, bucket: here } = await readBothBodies(
    { ...sides, withMd5: false },
    signal,
  );
  const isSame = there.bytes === here?.bytes && there.sha256 === here.sha256;
  return isSame ? { copy: false, reason: 'unchanged' } : decideCopy('always', stored);
}

function presenceOf(
  examination: Examination,
  { entry, inBucket }: EntryWork,
  signal: AbortSignal,
): Presence | Promise<Presence> {
  const known = inBucket.known(entry.key);
  return known === undefined
    ? inBucket.ask(entry.key, signal)
    : unlessUnknown(examination, entry, known, signal);
}

/** Only a write could tell, and nothing is going to be written, or an older version may matter. */
function unlessUnknown(
  { overwrite, dryRun, bucket }: Examination,
  { key }: KeyEntry,
  presence: Presence,
  signal: AbortSignal,
): Presence | Promise<Presence> {
  if (presence.state !== 'unknown' || (overwrite === 'never' && !dryRun)) return presence;
  return askingOf(bucket).ask(key, signal);
}

function requestFor(
  examination: Examination,
  work: EntryWork,
  unless: Unless | undefined,
): OriginRequest {
  return {
    key: work.entry.key,
    originKey: rewriteKey(work.rule, work.entry.key),
    query: '',
    url: work.entry.url,
    headers: work.source.headers.headers,
    secretHeaders: work.source.headers.secrets,
    unless,
    onRequest: () => {
      work.requests += 1;
      examination.onRequest();
    },
    onWait: examination.onWait,
  };
}
