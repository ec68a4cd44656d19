import { expect, test } from 'vitest';
import { NO_STEPS, StepsDiffer, StepTrail } from '../../src/model/step-trail.ts';
import type { WalkStep } from '../../src/model/walk.ts';

function objects(...names: string[]): WalkStep[] {
  return names.map((originKey) => ({ kind: 'object', originKey }));
}

/** A walk that has followed its own steps. */
function followed(...pieces: WalkStep[][]) {
  const trail = new StepTrail();
  return pieces.map((steps) => {
    trail.fresh(steps);
    return { steps, mark: trail.mark };
  });
}

test('a mark that a walk has kept is the one that its steps come to', () => {
  const pieces = followed(objects('a', 'b'), [], objects('bc'), objects('d', 'é'));
  const hashing = new StepTrail();
  const taking = new StepTrail();

  for (const { steps, mark } of pieces) {
    expect(taking.fresh(steps, mark)).toEqual(hashing.fresh(steps));
    expect(taking.mark).toEqual(hashing.mark);
  }
});

test('a mark of other steps is not taken over', () => {
  const [, second] = followed(objects('a'), objects('b'));
  const trail = new StepTrail();
  trail.fresh(objects('b'), second?.mark);

  const alone = new StepTrail();
  alone.fresh(objects('b'));
  expect(trail.mark).toEqual(alone.mark);
});

test('where steps were taken before, a mark of the new walk tells nothing of them', () => {
  const before = followed(objects('a', 'b')).at(-1)?.mark ?? NO_STEPS;
  const same = followed(objects('a', 'b', 'c'));
  const other = followed(objects('a', 'x', 'c'));

  const [{ steps, mark } = { steps: [], mark: NO_STEPS }] = same;
  expect(new StepTrail(before).fresh(steps, mark)).toEqual(objects('c'));
  const [wrong = { steps: [], mark: NO_STEPS }] = other;
  expect(() => new StepTrail(before).fresh(wrong.steps, wrong.mark)).toThrow(StepsDiffer);
});
