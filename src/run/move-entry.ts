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
export function moveUnlessHeld(
  examination: Examination,
  work: EntryWork,
  copying: Copying,
  signal: AbortSignal,
): Promise<Moved> {
  // Nobody else is at work on most keys, and then nothing is waited for.
  const asked = examination.shared?.holderOf(work.entry, work.rule.store);
  if (asked === undefined) return move(examination, work, copying, signal);
  return Promise.resolve(asked).then((by) =>
    by === undefined ? move(examination, work, copying, signal) : { outcome: 'held', by },
  );
}

function move(
  examination: Examination,
  { entry, rule, source }: EntryWork,
  { request, ifAbsent, stored, isKnown }: Copying,
  signal: AbortSignal,
): Promise<Moved> {
  const { bucket, memory, uploads, shared, rechecks } = examination;
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

function timed(
  { clock, presence }: Examination,
  transfer: Transfer,
  signal: AbortSignal,
): Promise<Moved> {
  const startedMs = clock.now();
  return transferObject(transfer, signal).then((moved) => {
    // Only who taps the body has something of one that may not be stored.
    if (moved.outcome === 'handedOn') throw moved.why;
    if (moved.outcome !== 'held') presence.copied(clock.now() - startedMs);
    return moved;
  });
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
