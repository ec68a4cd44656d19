import type { ClaimHolder } from '../model/claims.ts';
import type { Entry } from '../model/entry.ts';
import type { ObjectOutcome } from '../model/event.ts';
import { FatalError, Interrupted } from '../model/failure.ts';
import { needsPresence } from '../plan/decide-copy.ts';
import { matchRule } from '../rules/match-rule.ts';
import { copyUnlessHeld } from './copy-entry.ts';
import { elapsed, failed, skipped } from './entry-outcome.ts';
import type { EntryWork, Examination, Examined } from './examination.ts';
import { ASKED_NOTHING, askingOf, type BatchPresence } from './presence.ts';
import { ThreadLost } from './threads/thread-lost.ts';

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
 * @throws FatalError, ThreadLost, or the signal's reason when the run is aborted; the entry then
 * stays open.
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
    const examined = await copyOnce(examination, work, signal);
    if (examined.outcome !== 'held') return examined;
    return await copyOnceReleased(examination, work, examined.by, signal);
  } catch (error) {
    if (error instanceof Interrupted || error instanceof ThreadLost) throw error;
    if (error instanceof FatalError) {
      if (error.kind === 'origins-unusable') examination.givenUp.set(rule.id, error);
      throw error;
    }
    signal.throwIfAborted();
    return failed(rule, error, work.requests, elapsed(examination.clock, sinceMs));
  }
}

function copyOnce(
  examination: Examination,
  work: EntryWork,
  signal: AbortSignal,
): Promise<Examined> {
  const { threads } = examination;
  if (threads === undefined) return copyUnlessHeld(examination, work, signal);
  return threads.copy(work, () => copyUnlessHeld(examination, work, signal), signal);
}

/** While another process is at work on the key the entry waits; then it is looked at anew. */
async function copyOnceReleased(
  examination: Examination,
  work: EntryWork,
  holder: ClaimHolder,
  signal: AbortSignal,
): Promise<ObjectOutcome> {
  const { bucket, shared, overwrite, onWait } = examination;
  for (let by = holder; ;) {
    onWait(true);
    try {
      await shared?.ended(work.entry.key, by, signal);
    } finally {
      onWait(false);
    }
    work.inBucket = needsPresence(overwrite) ? askingOf(bucket) : ASKED_NOTHING;
    const examined = await copyOnce(examination, work, signal);
    if (examined.outcome !== 'held') return examined;
    ({ by } = examined);
  }
}
