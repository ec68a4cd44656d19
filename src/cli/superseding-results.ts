import type { Checkpoint, ResultsKept } from '../model/checkpoint.ts';

/**
 * The checkpoint of a job whose failed entries are examined again: a line that says failed must be
 * followed by one of what became of the entry since, also where only failures are kept.
 * @param kept which lines the job keeps
 */
export function supersedingResults(checkpoint: Checkpoint, kept: ResultsKept): Checkpoint {
  return { ...checkpoint, results: kept === 'none' ? 'none' : 'all' };
}
