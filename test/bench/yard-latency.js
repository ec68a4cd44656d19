import { runOurs } from './yard-contestants.js';
import { startDelayLine } from './yard-delay.js';
import { fastest, race, ratios, verdict } from './yard-race.js';
import { mustHave } from './yard-small.js';
import { firstKeys } from './yard-trees.js';

const ROUND_TRIP_MS = 100;
/** An object is a GET and then a PUT. */
const ROUND_TRIPS = 2;
const FIXED = [16, 64, 256];
const nameOf = (count) => `${count} at once`;
/** What the rule allows at once, for all of them. */
const MOST_AT_ONCE = 256;

/** Origin and bucket far away: how much of what the concurrency allows is reached. */
export async function farAway({ nginx, folder, trees, repeats, turns, node }) {
  const lines = await Promise.all(
    [nginx.origin, nginx.forgetful].map((url) => startDelayLine(url, ROUND_TRIP_MS)),
  );
  const [origin, endpoint] = lines.map(({ url }) => url);
  const bucket = { url: 's3://bucket/', endpoint };
  const contestant = async (concurrency, atOnce) => {
    const tree = await firstKeys(trees.small, Math.min(atOnce * turns, trees.small.objects));
    return async () => {
      await nginx.reset();
      const flags = ['--concurrency', String(concurrency)];
      const work = { folder, origin: `${origin}/small/`, bucket, tree, flags, node };
      const figures = await runOurs({ ...work, concurrency: MOST_AT_ONCE });
      mustHave(`concurrency ${concurrency}`, await nginx.stored(tree.objects), tree);
      const perSecond = tree.objects / figures.seconds;
      return { ...figures, perSecond, ofLimit: perSecond / limitOf(atOnce) };
    };
  };
  try {
    const contestants = { auto: await contestant('auto', MOST_AT_ONCE) };
    for (const count of FIXED) contestants[nameOf(count)] = await contestant(count, count);
    const runs = await race(contestants, repeats);
    return { runs, verdicts: verdictsOf(runs) };
  } finally {
    await Promise.all(lines.map((line) => line.close()));
  }
}

function limitOf(atOnce) {
  return (atOnce * 1000) / (ROUND_TRIP_MS * ROUND_TRIPS);
}

function verdictsOf(runs) {
  const fixed = FIXED.map((count) => {
    const reached = runs[nameOf(count)].map(({ ofLimit }) => ofLimit);
    return verdict(`concurrency ${count}: of concurrency ÷ latency ≥ 0.9`, reached, {
      atLeast: 0.9,
    });
  });
  const paces = Object.fromEntries(
    FIXED.map((count) => [
      nameOf(count),
      runs[nameOf(count)].map((run) => ({ seconds: 1 / run.perSecond })),
    ]),
  );
  const best = fastest(paces, FIXED.map(nameOf));
  const auto = ratios(runs, 'auto', best, 'perSecond');
  const told = verdict(`auto : best fixed (${best}) ≥ 0.9`, auto, { atLeast: 0.9 });
  return [...fixed, told].map((one) => ({ row: 'latency', ...one }));
}
