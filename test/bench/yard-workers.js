import { runOurs } from './yard-contestants.js';
import { race, ratios, verdict } from './yard-race.js';
import { mustHave } from './yard-small.js';
import { startYardSink } from './yard-sink.js';

const MIB = 1024 ** 2;

/** One and two threads in turns: the same tree into the same bucket. */
async function raceThreads({ nginx, folder, repeats, node }, tree, { reset, stored, endpoint }) {
  const origin = `${nginx.origin}/${tree.name}/`;
  const bucket = { url: 's3://bucket/', endpoint };
  const threads = (count) => async () => {
    await reset();
    const flags = ['--workers', String(count)];
    const figures = await runOurs({ folder, origin, bucket, tree, flags, node });
    mustHave(`${count} of ${tree.name}`, await stored(), tree);
    const perSecond = tree.objects / figures.seconds;
    return { ...figures, perSecond, mibPerSecond: tree.bytes / MIB / figures.seconds };
  };
  const named = { [`${tree.name}, 1 worker`]: threads(1), [`${tree.name}, 2 workers`]: threads(2) };
  return race(named, repeats);
}

function verdictsOf(runs, { name }) {
  const [one, two] = [`${name}, 1 worker`, `${name}, 2 workers`];
  const pace = ratios(runs, two, one, 'perSecond');
  const cpu = ratios(runs, two, one, 'cpuS');
  return [
    verdict(`${name}: objects/s, 2 workers : 1 ≥ 1.6`, pace, { atLeast: 1.6 }),
    verdict(`${name}: CPU, 2 workers : 1 ≤ 1.3`, cpu, { atMost: 1.3 }),
  ].map((one) => ({ row: 'workers', ...one }));
}

/**
 * What a second thread brings, for small objects and, with their digests, for large ones. Origin and
 * sink are on this machine too: only cores that they leave can be used by it.
 */
export async function withWorkers(yard) {
  const { nginx, trees } = yard;
  const sink = await startYardSink();
  try {
    const small = await raceThreads(yard, trees.small, {
      reset: () => nginx.reset(),
      stored: () => nginx.stored(trees.small.objects),
      endpoint: nginx.forgetful,
    });
    const large = await raceThreads(yard, trees.large, {
      reset: () => sink.reset(),
      stored: () => sink.stored(),
      endpoint: sink.url,
    });
    const verdicts = [...verdictsOf(small, trees.small), ...verdictsOf(large, trees.large)];
    return { runs: { ...small, ...large }, verdicts };
  } finally {
    await sink.close();
  }
}
