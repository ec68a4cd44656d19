import type { StepTrail } from '../../model/step-trail.ts';
import type { WalkPiece, WalkStep } from '../../model/walk.ts';

/** Links that were read since the last look, and what they came to. */
interface TakenSteps {
  readonly found: readonly WalkStep[];
  readonly links: number;
}

/**
 * What of them no earlier reading of the same place has handed on; that was counted then.
 * @param asOfMs when the place was listed
 * @returns undefined where nothing is new
 * @throws StepsDiffer
 */
export function freshPiece(
  { found, links }: TakenSteps,
  trail: StepTrail,
  asOfMs: number | undefined,
): WalkPiece | undefined {
  const steps = trail.fresh(found);
  const piece = { steps, links: links - (found.length - steps.length), asOfMs, mark: trail.mark };
  return steps.length > 0 || piece.links > 0 ? piece : undefined;
}
