import type { ObjectOutcome, SkipReason } from '../model/event.ts';
import { Failure } from '../model/failure.ts';
import type { Clock } from '../model/ports.ts';
import type { Rule } from '../model/rule.ts';
import type { TransferOutcome } from '../transfer/transfer-outcome.ts';

type Copied = Extract<TransferOutcome, { readonly outcome: 'copied' }>;

/** Stored. It is made for every object, so field by field: a spread costs many times as much. */
export function copied(
  rule: Rule,
  { bytes, etag, origin, lengthVerified, differs }: Copied,
  attempts: number,
  elapsedMs: number,
): ObjectOutcome {
  const outcome = {
    outcome: 'copied',
    bytes,
    etag,
    origin,
    lengthVerified,
    rule: rule.id,
    attempts,
    elapsedMs,
  } as const;
  return differs === undefined ? outcome : { ...outcome, differs };
}

/** Nothing was to be done. */
export function skipped(rule: Rule, reason: SkipReason): ObjectOutcome {
  return { outcome: 'skipped', rule: rule.id, reason };
}

/** Not copied, for this reason; what is no Failure is a bug. */
export function failed(
  rule: Rule,
  error: unknown,
  attempts: number,
  elapsedMs: number,
): ObjectOutcome {
  if (error instanceof Failure) {
    const { code, status, origin, message, requestId } = error;
    const known = { code, status, origin, message, attempts };
    const id = requestId === undefined ? {} : { requestId };
    return { outcome: 'failed', rule: rule.id, ...known, ...id, elapsedMs };
  }
  const message = `a bug of bucketfill, please report it: ${String(error)}`;
  return { outcome: 'failed', rule: rule.id, code: 'INTERNAL', message, attempts, elapsedMs };
}

/** Milliseconds since then; the wall clock may have been set back meanwhile. */
export function elapsed(clock: Clock, sinceMs: number): number {
  return Math.max(clock.now() - sinceMs, 0);
}
