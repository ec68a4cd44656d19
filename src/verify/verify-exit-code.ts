import { type Ending, EXIT, runExitCode } from '../model/exit-code.ts';
import type { Verdict } from './verdict.ts';

/**
 * The exit code of a comparison: what is known to be wrong counts more than what nobody knows.
 * @param listingErrors parts of the origins that could not be listed
 */
export function verifyExitCode(
  ending: Ending,
  counts: Readonly<Record<Verdict['outcome'], number>>,
  listingErrors: number,
  bugs: number,
): number {
  const wrong = counts.missing + counts.extra + counts.different;
  if (ending.kind === 'finished' && bugs === 0 && wrong > 0) return EXIT.verifyDiffers;
  return runExitCode(ending, counts.unverifiable + listingErrors, bugs);
}
