import type { WriteResult } from '../model/bucket.ts';
import type { ClaimHolder } from '../model/claims.ts';
import type { DifferingOrigin } from '../model/event.ts';
import type { Failure } from '../model/failure.ts';
import type { OriginHead } from '../model/origin.ts';
import { differingOrigins } from '../plan/compare-answers.ts';

/** What became of one object. */
export type TransferOutcome =
  | {
      readonly outcome: 'copied';
      readonly bytes: number;
      readonly etag: string;
      readonly origin: string;
      readonly lengthVerified: boolean;
      readonly differs?: readonly DifferingOrigin[];
    }
  | { readonly outcome: 'skipped'; readonly reason: 'exists' | 'unchanged' }
  /** Only with claims: another process is at work on the key, and nothing of it was taken. */
  | { readonly outcome: 'held'; readonly by: ClaimHolder }
  /** Only with a tap: the whole body went there, and `why` forbids to store it. */
  | { readonly outcome: 'handedOn'; readonly bytes: number; readonly why: Failure };

/**
 * What a write came to.
 * @param heads of every answer whose body was wanted
 */
export function outcomeOf(
  result: WriteResult,
  bytes: number,
  head: OriginHead,
  lengthVerified: boolean,
  heads: readonly OriginHead[],
): TransferOutcome {
  if (result.outcome === 'exists') return { outcome: 'skipped', reason: 'exists' };
  const { etag } = result;
  const { origin } = head;
  const differs = differingOrigins(heads, head, bytes);
  if (differs.length === 0) return { outcome: 'copied', bytes, etag, origin, lengthVerified };
  return { outcome: 'copied', bytes, etag, origin, lengthVerified, differs };
}
