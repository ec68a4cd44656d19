import type { StoredObject } from '../model/bucket.ts';
import type { KeyEntry } from '../model/entry.ts';
import type { OriginRequest, Unless } from '../model/origin.ts';
import { type CopyDecision, decideCopy } from '../plan/decide-copy.ts';
import { rewriteKey } from '../rules/rewrite-key.ts';
import { readBothBodies } from '../transfer/read-both-bodies.ts';
import { copied, elapsed, skipped } from './entry-outcome.ts';
import type { EntryWork, Examination, Examined } from './examination.ts';
import { type Copying, moveUnlessHeld } from './move-entry.ts';
import { planEntry } from './plan-entry.ts';
import { askingOf, type Presence } from './presence.ts';

/**
 * Looks at the bucket, decides and copies, unless another process is at work on the key.
 * Throws as the origin, the bucket and the transfer.
 */
export async function copyUnlessHeld(
  examination: Examination,
  work: EntryWork,
  signal: AbortSignal,
): Promise<Examined> {
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
  const copying = copyingOf(examination, work, { decision, presence, stored });
  if (examination.dryRun) {
    return planEntry(rule, work.source, copying.request, copying.stored, signal);
  }
  const moved = await moveUnlessHeld(examination, work, copying, signal);
  if (moved.outcome === 'held') return moved;
  if (moved.outcome === 'skipped') return skipped(rule, moved.reason);
  return copied(rule, moved, work.requests, elapsed(examination.clock, work.sinceMs));
}

/** What was found in the bucket, and what follows from it. */
interface Decided {
  readonly decision: Extract<CopyDecision, { readonly copy: true }>;
  readonly presence: Presence;
  readonly stored: StoredObject | undefined;
}

function copyingOf(
  examination: Examination,
  work: EntryWork,
  { decision, presence, stored }: Decided,
): Copying {
  return {
    request: requestFor(examination, work, decision.unless),
    ifAbsent: decision.ifAbsent,
    stored: decision.keepUnchanged ? stored : undefined,
    isKnown: presence.state !== 'unknown',
  };
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
