import { Failure } from '../model/failure.ts';
import { isBucketFailure } from '../plan/is-bucket-failure.ts';
import type { Transfer } from '../transfer/transfer.ts';
import { transferObject } from '../transfer/transfer-object.ts';
import type { TransferOutcome } from '../transfer/transfer-outcome.ts';
import type { EntryWork, Examination } from './examination.ts';

/** What became of a move that nobody taps. */
export type Moved = Exclude<TransferOutcome, { readonly outcome: 'handedOn' }>;

/** How an entry is to be copied. */
export interface Copying extends Pick<Transfer, 'request' | 'ifAbsent' | 'stored'> {
  /** The bucket was asked for the key. */
  readonly isKnown: boolean;
}

/**
 * Moves an entry's object, unless another process is at work on its key.
 * @throws Failure, FatalError, the signal's reason.
 */
export async function moveUnlessHeld(
  examination: Examination,
  { entry, rule, source }: EntryWork,
  { request, ifAbsent, stored, isKnown }: Copying,
  signal: AbortSignal,
): Promise<Moved> {
  const { bucket, memory, uploads, shared, rechecks } = examination;
  const asked = shared?.holderOf(entry, rule.store);
  const by = asked instanceof Promise ? await asked : asked;
  if (by !== undefined) return { outcome: 'held', by };
  const transfer: Transfer = {
    entry,
    source: source.origin,
    request,
    bucket,
    store: rule.store,
    ifAbsent,
    stored,
    memory,
    askBeforeLarge: !isKnown,
    claims: shared?.own,
    uploads,
    rechecks,
  };
  return isKnown
    ? timed(examination, transfer, signal)
    : writeAndSee(examination, transfer, signal);
}

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
    const moved = await timed(examination, transfer, signal);
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
