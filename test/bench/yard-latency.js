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

/** So many rounds take 30 s, and 10 s: what a run begins with is little of that. */
const TURNS = 150;
const QUICK_TURNS = 50;
const turnsOf = (quick) => (quick ? QUICK_TURNS : TURNS);

/** How many objects are wanted for it. */
export const farObjects = (quick) => MOST_AT_ONCE * turnsOf(quick);

/** Objects a second while the second half of them came: no start, and `auto` has found its level. */
function steadyPace(timesMs) {
  const half = timesMs.length >> 1;
  const seconds = (timesMs.at(-1) - timesMs[half - 1]) / 1000;
  return (timesMs.length - half) / seconds;
}

/**
 * Origin and bucket far away: how much of what the concurrency allows is reached once a run goes on
 * evenly. How long it takes to the first object is told beside it.
 */
export async function farAway({ nginx, folder, trees, repeats, quick, node }) {
  const lines = await Promise.all(
    [nginx.origin, nginx.forgetful].map((url) => startDelayLine(url, ROUND_TRIP_MS)),
  );
  const [origin, endpoint] = lines.map(({ url }) => url);
  const bucket = { url: 's3://bucket/', endpoint };
  const contestant = async (concurrency, atOnce) => {
    const tree = await firstKeys(trees.far, atOnce * turnsOf(quick));
    return async () => {
      await nginx.reset();
      const flags = ['--concurrency', String(concurrency)];
      const work = { folder, origin: `${origin}/far/`, bucket, tree, flags, node };
      const figures = await runOurs({ ...work, concurrency: MOST_AT_ONCE });
      const { timesMs } = mustHave(
        `concurrency ${concurrency}`,
        await nginx.stored(tree.objects),
        tree,
      );
      return {
        ...figures,
        firstMs: timesMs[0] - figures.startedAtMs,
        perSecond: tree.objects / figures.seconds,
        steadyPerSecond: steadyPace(timesMs),
        ofLimit: steadyPace(timesMs) / limitOf(atOnce),
      };
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
    return verdict(`concurrency ${count}, second half: of concurrency ÷ latency ≥ 0.9`, reached, {
      atLeast: 0.9,
    });
  });
  const paces = Object.fromEntries(
    FIXED.map((count) => [
      nameOf(count),
      runs[nameOf(count)].map((run) => ({ seconds: 1 / run.steadyPerSecond })),
    ]),
  );
  const best = fastest(paces, FIXED.map(nameOf));
  const auto = ratios(runs, 'auto', best, 'steadyPerSecond');
  const told = verdict(`auto : best fixed (${best}), second half ≥ 0.9`, auto, { atLeast: 0.9 });
  return [...fixed, told].map((one) => ({ row: 'latency', ...one }));
}
