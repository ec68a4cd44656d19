import { FatalError, Interrupted } from '../../model/failure.ts';
import { copyUnlessHeld } from '../copy-entry.ts';
import { elapsed, failed } from '../entry-outcome.ts';
import type { EntryWork, Examination } from '../examination.ts';
import type { CameOf } from './sent-entry.ts';

/** Copies an entry that another thread sent here; never rejects. */
export async function copySent(
  examination: Examination,
  work: EntryWork,
  signal: AbortSignal,
): Promise<CameOf> {
  try {
    const outcome = await copyUnlessHeld(examination, work, signal);
    if (outcome.outcome === 'held') return { is: 'held', by: outcome.by };
    return { is: 'settled', outcome };
  } catch (error) {
    if (error instanceof Interrupted) return { is: 'handedBack' };
    if (error instanceof FatalError) {
      const { kind, message, cause } = error;
      return {
        is: 'fatal',
        kind,
        message,
        cause: cause instanceof Error ? String(cause) : undefined,
      };
    }
    if (signal.aborted) return { is: 'aborted' };
    const { rule, requests, sinceMs } = work;
    const tookMs = elapsed(examination.clock, sinceMs);
    return { is: 'settled', outcome: failed(rule, error, requests, tookMs) };
  }
}
