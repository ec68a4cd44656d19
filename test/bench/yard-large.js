import { runCurls, runOurs, runRclone, RCLONE_FASTEST } from './yard-contestants.js';
import { fastest, race, ratios, verdict } from './yard-race.js';
import { mustHave } from './yard-small.js';
import { startYardSink } from './yard-sink.js';

const MIB = 1024 ** 2;

/**
 * Without HEADs at the origin as well rclone 1.60 knows no length of what it streams, and calls
 * each object of more than 100 KiB corrupted.
 */
const RCLONE_FASTEST_OF_ALL_SIZES = RCLONE_FASTEST.filter((flag) => flag !== '--http-no-head');

/** Share of the time, from the start on, in which the last hundredth of the objects came. */
function tailOf(timesMs, startedAtMs) {
  const last = timesMs.at(-1);
  const before = timesMs[Math.ceil(timesMs.length * 0.99) - 1];
  return (last - before) / (last - startedAtMs);
}

/** Lets them copy a tree into a bucket that reads whole bodies. */
async function raceInto(sink, { nginx, folder, repeats, node }, tree, others) {
  const origin = `${nginx.origin}/${tree.name}/`;
  const counted = ([name, run]) => [
    name,
    async () => {
      await sink.reset();
      const figures = await run();
      const { timesMs } = mustHave(name, await sink.stored(), tree);
      const mibPerSecond = tree.bytes / MIB / figures.seconds;
      return { ...figures, mibPerSecond, tail: tailOf(timesMs, figures.startedAtMs) };
    },
  ];
  const rclone = (flags) => () =>
    runRclone({ folder, origin, endpoint: sink.url, to: 'store:bucket', flags });
  const bucket = { url: 's3://bucket/', endpoint: sink.url };
  const contestants = {
    bucketfill: () => runOurs({ folder, origin, bucket, tree, node }),
    rclone: rclone([]),
    'rclone fast 4': rclone([...RCLONE_FASTEST_OF_ALL_SIZES, '--transfers', '4']),
    'rclone fast 16': rclone([...RCLONE_FASTEST_OF_ALL_SIZES, '--transfers', '16']),
    ...others({ folder, origin, sink: sink.url, tree }),
  };
  return race(Object.fromEntries(Object.entries(contestants).map(counted)), repeats);
}

const RCLONES = ['rclone', 'rclone fast 4', 'rclone fast 16'];

/** A few large objects. */
export async function largeObjects(yard) {
  const sink = await startYardSink();
  try {
    const curls = (work) => ({ 'curl | curl': () => runCurls(work) });
    const runs = await raceInto(sink, yard, yard.trees.large, curls);
    const best = fastest(runs, RCLONES);
    const of = (other, figure) => ratios(runs, 'bucketfill', other, figure);
    const verdicts = [
      verdict(`MiB/s : ${best} ≥ 1`, of(best, 'mibPerSecond'), { atLeast: 1 }),
      verdict('MiB/s : curl | curl ≥ 0.8', of('curl | curl', 'mibPerSecond'), { atLeast: 0.8 }),
      verdict(`peak RSS : ${best} ≤ 1.5`, of(best, 'rssMiB'), { atMost: 1.5 }),
    ];
    return { runs, verdicts: verdicts.map((one) => ({ row: 'large', ...one })) };
  } finally {
    await sink.close();
  }
}

/**
 * Objects of all sizes. rclone knows the sizes before it begins, by a HEAD of each; so we are given a
 * list that names them, and one of the keys alone beside it: three eighths of all bytes (a quarter
 * with `--quick`) are one object, the 949th of 1000, and who finds it only there can't have a short
 * tail.
 *
 * They do not do the same: of what goes in one PUT, which is all below 200 MiB, rclone 1.60 hashes
 * nothing (`UNSIGNED-PAYLOAD`, no Content-MD5), of an HTTP origin's bodies it compares the length.
 * Ours have an MD5 that the bucket's answer is held against, and over plain HTTP a SHA-256, always.
 */
export async function mixedObjects(yard) {
  const sink = await startYardSink();
  try {
    const { folder, nginx, node, trees } = yard;
    const { mixed } = trees;
    const sized = { ...mixed, keysFile: mixed.sizedKeysFile };
    const origin = `${nginx.origin}/${mixed.name}/`;
    const bucket = { url: 's3://bucket/', endpoint: sink.url };
    const runs = await raceInto(sink, yard, sized, () => ({
      'bucketfill, keys alone': () => runOurs({ folder, origin, bucket, tree: mixed, node }),
    }));
    const best = fastest(runs, RCLONES);
    const pace = ratios(runs, 'bucketfill', best, 'mibPerSecond');
    const tails = runs.bucketfill.map(({ tail }) => tail);
    const verdicts = [
      verdict(`MiB/s : ${best} ≥ 1.5`, pace, { atLeast: 1.5 }),
      verdict('last 1 % of the objects, share of the time ≤ 0.1', tails, { atMost: 0.1 }),
    ];
    return { runs, verdicts: verdicts.map((one) => ({ row: 'mixed', ...one })) };
  } finally {
    await sink.close();
  }
}
