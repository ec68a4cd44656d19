import { runBare, runOurs, runRclone, RCLONE_FASTEST } from './yard-contestants.js';
import { fastest, race, ratios, verdict } from './yard-race.js';

const BARE_CONCURRENCY = 32;

/** Makes sure that every object came, whoever brought it. */
export function mustHave(name, told, { objects, bytes }) {
  if (told.objects === objects && told.bytes === bytes) return told;
  throw new Error(
    `${name}: ${told.objects} of ${objects} objects and ${told.bytes} of ${bytes} bytes were stored`,
  );
}

/** A contestant whose objects are counted at the sink. */
function counted(sink, name, tree, run) {
  return async () => {
    await sink.reset();
    const figures = await run();
    const told = mustHave(name, await sink.stored(tree.objects), tree);
    const firstMs = told.firstAtMs - figures.startedAtMs;
    return { ...figures, firstMs, perSecond: tree.objects / figures.seconds };
  };
}

function rclones(yard, origin, tree) {
  const { nginx, folder } = yard;
  const run = (endpoint, flags) =>
    runRclone({ folder, origin, endpoint, to: 'store:bucket', flags });
  const fast = [4, 16, 64].map((transfers) => {
    const flags = [...RCLONE_FASTEST, '--transfers', String(transfers)];
    return [`rclone fast ${transfers}`, () => run(nginx.forgetful, flags)];
  });
  const all = [['rclone', () => run(nginx.trusting, [])], ...fast];
  return all.map(([name, go]) => [name, counted(nginx, name, tree, go)]);
}

/** Many small objects into a bucket that keeps nothing: what the client itself costs. */
export async function smallObjects(yard) {
  const { nginx, folder, trees, repeats, workers } = yard;
  const tree = trees.small;
  const origin = `${nginx.origin}/small/`;
  const bucket = { url: 's3://bucket/', endpoint: nginx.forgetful };
  const ours = (flags) => () => runOurs({ folder, origin, bucket, tree, flags, node: yard.node });
  const work = { folder, origin, sink: nginx.forgetful, tree, concurrency: BARE_CONCURRENCY };
  const bare = (digests) => () => runBare({ ...work, digests });
  const own = [
    ['bucketfill', ours([])],
    ...(workers ? [['bucketfill, 2 workers', ours(['--workers', '2'])]] : []),
    ['bare loop', bare([])],
    ['bare loop, digests', bare(['digests'])],
  ].map(([name, go]) => [name, counted(nginx, name, tree, go)]);
  const peers = rclones(yard, origin, tree);
  const runs = await race(Object.fromEntries([...own, ...peers]), repeats);
  const best = fastest(
    runs,
    peers.map(([name]) => name),
  );
  return { runs, verdicts: verdictsOf(runs, best) };
}

function verdictsOf(runs, best) {
  const pace = (name, other) => ratios(runs, name, other, 'perSecond');
  const [ours, two] = ['bucketfill', 'bucketfill, 2 workers'];
  const ofTwo = two in runs ? [[`objects/s, 2 workers : ${best}`, pace(two, best), 2]] : [];
  const paces = [
    ['objects/s : bare loop', pace(ours, 'bare loop'), 0.85],
    [`objects/s : ${best}`, pace(ours, best), 1.6],
    ...ofTwo,
  ].map(([target, values, atLeast]) => ({
    row: 'small',
    ...verdict(`${target} ≥ ${atLeast}`, values, { atLeast }),
  }));
  const cpu = ratios(runs, ours, best, 'cpuS');
  const rss = ratios(runs, ours, 'bare loop', 'rssMiB');
  const first = runs[ours].map(({ firstMs }) => firstMs);
  return [
    ...paces,
    { row: 'small', ...verdict(`CPU : ${best} ≤ 0.5`, cpu, { atMost: 0.5 }) },
    { row: 'rss', ...verdict('peak RSS : bare loop ≤ 1.4', rss, { atMost: 1.4 }) },
    { row: 'start', ...verdict('ms to the first object ≤ 300', first, { atMost: 300 }) },
  ];
}
