import process from 'node:process';

/** A middle with its extremes. */
export function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median =
    sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], max: sorted.at(-1) };
}

/**
 * Lets the contestants take turns, so that what drifts in the machine meets all, after a round that
 * does not count.
 * @param {Record<string, () => Promise<object>>} contestants by name, each a run from nothing
 * @returns {Promise<Record<string, object[]>>} their figures of each round
 */
export async function race(contestants, repeats) {
  const names = Object.keys(contestants);
  const runs = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round <= repeats; round += 1) {
    for (const name of names) {
      const figures = await contestants[name]();
      process.stderr.write(`  ${round}/${repeats} ${name}: ${figures.seconds.toFixed(2)} s\n`);
      if (round > 0) runs[name].push(figures);
    }
  }
  return runs;
}

/** The fastest of these contestants, by the median. */
export function fastest(runs, names) {
  const secondsOf = (name) => spread(runs[name].map(({ seconds }) => seconds)).median;
  return names.reduce((best, name) => (secondsOf(name) < secondsOf(best) ? name : best));
}

/** One contestant's figure through another's of the same round. */
export function ratios(runs, name, other, figure) {
  return runs[name].map((run, round) => run[figure] / runs[other][round][figure]);
}

/** What is wanted of values, by their median. */
export function verdict(target, values, { atLeast, atMost }) {
  const { median, min, max } = spread(values);
  const isMet = atLeast === undefined ? median <= atMost : median >= atLeast;
  return { target, median, min, max, isMet };
}
