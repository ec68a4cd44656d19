import type { BodyMemory } from '../model/body-memory.ts';
import type { Bucket, StoredObject } from '../model/bucket.ts';
import type { Entry, KeyEntry } from '../model/entry.ts';
import type { ObjectOutcome, SkipReason } from '../model/event.ts';
import { Failure, FatalError, Interrupted } from '../model/failure.ts';
import type { OriginRequest, Unless } from '../model/origin.ts';
import type { Clock } from '../model/ports.ts';
import type { Rule, Rules } from '../model/rule.ts';
import {
  type CopyDecision,
  decideCopy,
  needsPresence,
  type Overwrite,
} from '../plan/decide-copy.ts';
import { isBucketFailure } from '../plan/is-bucket-failure.ts';
import { matchRule } from '../rules/match-rule.ts';
import { rewriteKey } from '../rules/rewrite-key.ts';
import type { OpenUploads } from '../transfer/open-uploads.ts';
import { readBothBodies } from '../transfer/read-both-bodies.ts';
import type { Rechecks } from '../transfer/rechecks.ts';
import type { RuleSource } from '../transfer/rule-source.ts';
import type { Transfer } from '../transfer/transfer.ts';
import { transferObject } from '../transfer/transfer-object.ts';
import type { TransferOutcome } from '../transfer/transfer-outcome.ts';
import { planEntry } from './plan-entry.ts';
import { askingOf, type BatchPresence, type Presence, type PresenceFinder } from './presence.ts';
import type { SharedKeys } from './shared-keys.ts';

/** What every entry is examined with. */
export interface Examination {
  readonly rules: Rules;
  /** By rule id; the rules whose keys bulk commands copy. */
  readonly sources: ReadonlyMap<string, RuleSource>;
  readonly bucket: Bucket;
  readonly presence: PresenceFinder;
  readonly overwrite: Overwrite;
  /** What is there is compared byte by byte, whatever dates and ETags say. */
  readonly checksum?: boolean | undefined;
  readonly dryRun: boolean;
  /** The budget of bodies in flight. */
  readonly memory: BodyMemory;
  /** Large objects that are half-way in, where the run has a state. */
  readonly uploads: OpenUploads | undefined;
  /** Looks at the origin again after bodies that took long; absent: nobody does. */
  readonly rechecks?: Rechecks | undefined;
  /** Where other processes may be at work on the bucket. */
  readonly shared?: SharedKeys | undefined;
  readonly clock: Clock;
  /** Rules whose addresses stayed down for too long: their keys are left for the next run. */
  readonly givenUp: Map<string, FatalError>;
  /** Told of each request for a body. */
  readonly onRequest: () => void;
  /** Told when an entry begins to wait for addresses or for its key, and when that is over. */
  readonly onWait: (waiting: boolean) => void;
}

/**
 * The way of one entry: key, rule, what the bucket has, decision, transfer. A bad object comes
 * back as the outcome `failed`.
 * @throws FatalError, or the signal's reason when the run is aborted; the entry then stays open.
 */
export async function examineEntry(
  examination: Examination,
  entry: Entry,
  inBucket: BatchPresence,
  signal: AbortSignal,
): Promise<ObjectOutcome> {
  if ('invalid' in entry) {
    const message = `not copied: ${entry.reason}`;
    return { outcome: 'failed', rule: null, code: 'KEY_INVALID', message, attempts: 0 };
  }
  const rule = matchRule(examination.rules.rules, entry.key);
  if (rule === undefined) return { outcome: 'skipped', rule: null, reason: 'no-rule' };
  const source = examination.sources.get(rule.id);
  if (source === undefined) return skipped(rule, 'rule-off');
  const givenUp = examination.givenUp.get(rule.id);
  if (givenUp !== undefined) throw givenUp;
  const work: EntryWork = { entry, rule, source, inBucket, requests: 0 };
  try {
    return await copyEntry(examination, work, signal);
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    if (error instanceof FatalError) {
      if (error.kind === 'origins-unusable') examination.givenUp.set(rule.id, error);
      throw error;
    }
    signal.throwIfAborted();
    return failed(rule, error, work.requests);
  }
}

/** One entry with what was found out about it. */
interface EntryWork {
  readonly entry: KeyEntry;
  readonly rule: Rule;
  readonly source: RuleSource;
  inBucket: BatchPresence;
  /** How often its body was asked for. */
  requests: number;
}

/** While another process is at work on the key the entry waits; then it is looked at anew. */
async function copyEntry(
  examination: Examination,
  work: EntryWork,
  signal: AbortSignal,
): Promise<ObjectOutcome> {
  const { bucket, shared, onWait } = examination;
  for (;;) {
    const outcome = await copyUnlessHeld(examination, work, signal);
    if (outcome.outcome !== 'held') return outcome;
    onWait(true);
    try {
      await shared?.ended(work.entry.key, outcome.by, signal);
    } finally {
      onWait(false);
    }
    work.inBucket = askingOf(bucket);
  }
}

type Held = Extract<TransferOutcome, { readonly outcome: 'held' }>;

async function copyUnlessHeld(
  examination: Examination,
  work: EntryWork,
  signal: AbortSignal,
): Promise<ObjectOutcome | Held> {
  const { overwrite, dryRun } = examination;
  const { entry, rule } = work;
  const presence = await presenceOf(examination, work, signal);
  const present = presence.state === 'present' ? presence : undefined;
  if (present !== undefined && overwrite === 'never') return skipped(rule, 'exists');
  const stored = present && (present.object ?? (await examination.bucket.head(entry.key, signal)));
  const decision = await decide(examination, work, stored, signal);
  if (!decision.copy) return skipped(rule, decision.reason);
  const request = requestFor(examination, work, decision.unless);
  const kept = decision.keepUnchanged ? stored : undefined;
  if (dryRun) return planEntry(rule, work.source, request, kept, signal);
  const { ifAbsent } = decision;
  const isKnown = presence.state !== 'unknown';
  const moved = await moveUnlessHeld(
    examination,
    work,
    { request, ifAbsent, stored: kept, isKnown },
    signal,
  );
  if (moved.outcome === 'held') return moved;
  return moved.outcome === 'copied'
    ? { ...moved, rule: rule.id, attempts: work.requests }
    : { ...moved, rule: rule.id };
}

type Decision = CopyDecision | { readonly copy: false; readonly reason: 'unchanged' };

/** Whoever is distrustful reads both sides first, and copies what differs whatever else is alike. */
async function decide(
  examination: Examination,
  work: EntryWork,
  stored: StoredObject | undefined,
  signal: AbortSignal,
): Promise<Decision> {
  const { bucket, memory, clock, checksum, overwrite } = examination;
  if (checksum !== true || stored === undefined) return decideCopy(overwrite, stored);
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

interface Copying extends Pick<Transfer, 'request' | 'ifAbsent' | 'stored'> {
  /** The bucket was asked for the key. */
  readonly isKnown: boolean;
}

async function moveUnlessHeld(
  examination: Examination,
  { entry, rule, source }: EntryWork,
  { isKnown, ...copying }: Copying,
  signal: AbortSignal,
): Promise<Moved> {
  const { bucket, memory, uploads, shared } = examination;
  const by = await shared?.holderOf(entry, rule.store);
  if (by !== undefined) return { outcome: 'held', by };
  const transfer: Transfer = {
    ...copying,
    entry,
    source: source.origin,
    bucket,
    store: rule.store,
    memory,
    uploads,
    claims: shared?.own,
    rechecks: examination.rechecks,
  };
  return isKnown
    ? timed(examination, transfer, signal)
    : writeAndSee(examination, transfer, signal);
}

async function presenceOf(
  { overwrite, dryRun, bucket }: Examination,
  { entry, inBucket }: EntryWork,
  signal: AbortSignal,
): Promise<Presence> {
  if (!needsPresence(overwrite)) return { state: 'absent' };
  const presence = await inBucket.of(entry.key, signal);
  // Only a write could tell, and nothing is going to be written, or an older version may matter.
  if (presence.state !== 'unknown' || (overwrite === 'never' && !dryRun)) return presence;
  const object = await bucket.head(entry.key, signal);
  return object === undefined ? { state: 'absent' } : { state: 'present', object };
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

type Moved = Exclude<TransferOutcome, { readonly outcome: 'handedOn' }>;

async function timed(
  { clock, presence }: Examination,
  transfer: Transfer,
  signal: AbortSignal,
): Promise<Moved> {
  const startedMs = clock.now();
  const moved = await transferObject(transfer, signal);
  // Only who taps the body has something of one that may not be stored.
  if (moved.outcome === 'handedOn') throw moved.why;
  if (moved.outcome !== 'held') presence.copied(clock.now() - startedMs);
  return moved;
}

/**
 * Copies a key that the bucket was not asked for; the write loses where the key is taken. A key
 * that no origin gives is there already all the same if the bucket has it.
 */
async function writeAndSee(
  examination: Examination,
  transfer: Transfer,
  signal: AbortSignal,
): Promise<Moved> {
  const { bucket, presence } = examination;
  try {
    const moved = await timed(examination, { ...transfer, askBeforeLarge: true }, signal);
    if (moved.outcome !== 'held') presence.wrote(moved.outcome === 'skipped');
    return moved;
  } catch (error) {
    // What is in the bucket after a write that failed may be of that very write.
    if (!(error instanceof Failure) || signal.aborted || isBucketFailure(error)) throw error;
    if ((await bucket.head(transfer.entry.key, signal)) === undefined) throw error;
    presence.wrote(true);
    return { outcome: 'skipped', reason: 'exists' };
  }
}

function skipped(rule: Rule, reason: SkipReason): ObjectOutcome {
  return { outcome: 'skipped', rule: rule.id, reason };
}

function failed(rule: Rule, error: unknown, attempts: number): ObjectOutcome {
  if (error instanceof Failure) {
    const { code, status, origin, message, requestId } = error;
    const known = { code, status, origin, message, attempts };
    const id = requestId === undefined ? {} : { requestId };
    return { outcome: 'failed', rule: rule.id, ...known, ...id };
  }
  const message = `a bug of bucketfill, please report it: ${String(error)}`;
  return { outcome: 'failed', rule: rule.id, code: 'INTERNAL', message, attempts };
}
