import type { OriginHead } from '../model/origin.ts';
import { refusal } from '../plan/refusal.ts';
import type { RecheckVerdict } from './rechecks.ts';
import type { TransferOutcome } from './transfer-outcome.ts';
import type { Transfer } from './transfer.ts';
import { discard, type Tries } from './tries.ts';

/** So often an object is read that changes while it is read. */
const MAX_READS = 3;

/** A body that is whole and passed the gate, and is not committed before its version was looked at. */
export class Unsettled {
  /** That came with the body. */
  readonly head: OriginHead;
  readonly commit: () => Promise<TransferOutcome>;
  /** Gives up what only this body holds; also after `commit`. */
  readonly release: () => void;

  constructor(head: OriginHead, commit: () => Promise<TransferOutcome>, release: () => void) {
    this.head = head;
    this.commit = commit;
    this.release = release;
  }
}

/** What came of an answer. */
export type Taken = TransferOutcome | Unsettled;

/**
 * Settles what was taken, and takes it anew until its version was the same before and after, or
 * nobody can tell.
 * @throws Failure `ORIGIN_CHANGED` where it changes each time; nothing of it is committed then.
 */
export async function settled(
  transfer: Transfer,
  first: Unsettled,
  take: () => Promise<Taken>,
  tries: Tries,
  signal: AbortSignal,
): Promise<TransferOutcome> {
  let unsettled = first;
  for (let reads = 1; ; reads += 1) {
    const outcome = await committed(transfer, unsettled, tries, signal);
    if (outcome !== undefined) return outcome;
    if (reads === MAX_READS) {
      const why = `it changed while it was read, ${reads} times`;
      throw refusal('ORIGIN_CHANGED', transfer.entry.key, unsettled.head, why);
    }
    const taken = await take();
    if (!(taken instanceof Unsettled)) return taken;
    unsettled = taken;
  }
}

/** @returns undefined where the version is another by now. */
async function committed(
  transfer: Transfer,
  unsettled: Unsettled,
  tries: Tries,
  signal: AbortSignal,
): Promise<TransferOutcome | undefined> {
  const settle = async (verdict: RecheckVerdict) => {
    if (verdict !== 'changed') return unsettled.commit();
    await discard(transfer, tries, signal);
    return undefined;
  };
  try {
    return await transfer.rechecks?.run(transfer, unsettled.head, settle, signal);
  } finally {
    unsettled.release();
  }
}
