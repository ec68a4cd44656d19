import type { Entry } from '../../src/model/entry.ts';
import type { ObjectOutcome } from '../../src/model/event.ts';
import type { Examination } from '../../src/run/examination.ts';
import { beginEntry, examineEntry } from '../../src/run/examine-entry.ts';
import type { BatchPresence } from '../../src/run/presence.ts';

/** The whole way of one entry, as the engine takes it. */
export async function examined(
  examination: Examination,
  entry: Entry,
  inBucket: BatchPresence,
  signal: AbortSignal,
): Promise<ObjectOutcome> {
  const begun = beginEntry(examination, entry, inBucket);
  return 'outcome' in begun ? begun : examineEntry(examination, begun, signal);
}
