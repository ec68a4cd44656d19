import { startStore } from './scale-store.js';
import { runOurs, runRclone, RCLONE_FASTEST } from './yard-contestants.js';
import { fastest, race, ratios, verdict } from './yard-race.js';

/** Everything is there already, and nothing may be written. */
export async function presentObjects({ nginx, folder, trees, repeats, node }) {
  const tree = trees.small;
  const origin = `${nginx.origin}/small/`;
  const store = await startStore(tree.objects, tree.objects);
  const watched = (name, run) => async () => {
    const { puts } = await store.counts();
    const figures = await run();
    const after = await store.counts();
    // The check at the start writes and removes keys of its own.
    const written = after.puts - puts;
    if (written > 4) throw new Error(`${name}: ${written} objects were written, expected none`);
    return { ...figures, perSecond: tree.objects / figures.seconds };
  };
  const rclone = (flags) => () =>
    runRclone({
      folder,
      origin,
      endpoint: store.url,
      to: 'store:bucket',
      flags: ['--ignore-existing', '--fast-list', ...flags],
    });
  const bucket = { url: 's3://bucket/', endpoint: store.url };
  const contestants = {
    bucketfill: () => runOurs({ folder, origin, bucket, tree, outcome: 'skipped', node }),
    rclone: rclone([]),
    'rclone fast 16': rclone([...RCLONE_FASTEST, '--checkers', '16']),
  };
  try {
    const named = Object.entries(contestants).map(([name, run]) => [name, watched(name, run)]);
    const runs = await race(Object.fromEntries(named), repeats);
    const best = fastest(runs, ['rclone', 'rclone fast 16']);
    const pace = ratios(runs, 'bucketfill', best, 'perSecond');
    const told = verdict(`objects/s : ${best} ≥ 5`, pace, { atLeast: 5 });
    return { runs, verdicts: [{ row: 'present', ...told }] };
  } finally {
    await store.close();
  }
}
