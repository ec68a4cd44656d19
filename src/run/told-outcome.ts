import type { EntryResult } from '../model/checkpoint.ts';
import type { EventKey, ObjectEvent, ObjectOutcome } from '../model/event.ts';

/*
 * Most outcomes are of two kinds, and there are as many as there are keys: a spread would cost many
 * times as much as their fields.
 */

/** An object's outcome as it is told. */
export function objectEvent(key: EventKey, outcome: ObjectOutcome): ObjectEvent {
  if (!('key' in key)) return { event: 'object', ...key, ...outcome };
  if (outcome.outcome === 'skipped') {
    const { rule, reason } = outcome;
    return { event: 'object', key: key.key, outcome: 'skipped', rule, reason };
  }
  if (!isPlainCopy(outcome)) return { event: 'object', ...key, ...outcome };
  const { bytes, etag, origin, lengthVerified, rule, attempts, elapsedMs } = outcome;
  return {
    event: 'object',
    key: key.key,
    outcome: 'copied',
    bytes,
    etag,
    origin,
    lengthVerified,
    rule,
    attempts,
    elapsedMs,
  };
}

/** An entry's outcome as the state keeps it. */
export function resultOf(
  segment: number,
  index: number,
  key: EventKey,
  outcome: ObjectOutcome,
): EntryResult {
  if (!('key' in key)) return { segment, index, ...key, ...outcome };
  if (outcome.outcome === 'skipped') {
    const { rule, reason } = outcome;
    return { segment, index, key: key.key, outcome: 'skipped', rule, reason };
  }
  if (!isPlainCopy(outcome)) return { segment, index, ...key, ...outcome };
  const { bytes, etag, origin, lengthVerified, rule, attempts, elapsedMs } = outcome;
  return {
    segment,
    index,
    key: key.key,
    outcome: 'copied',
    bytes,
    etag,
    origin,
    lengthVerified,
    rule,
    attempts,
    elapsedMs,
  };
}

type Copied = Extract<ObjectOutcome, { readonly outcome: 'copied' }>;
type PlainCopy = Copied & { readonly elapsedMs: number };

/** A copy with nothing special to tell of. */
function isPlainCopy(outcome: ObjectOutcome): outcome is PlainCopy {
  return (
    outcome.outcome === 'copied' && outcome.differs === undefined && outcome.elapsedMs !== undefined
  );
}
