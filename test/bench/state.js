// What the state costs: bytes an object, outcomes a second, and how long a resume takes to open it.
// Arguments: outcomes (1,000,000), entries a segment (1,024). Needs `npm run build`.
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { openSqliteState } from '../../dist/checkpoint/sqlite-state.js';
import { readResults } from '../../dist/checkpoint/read-results.js';
import { openSegment, SegmentTracker } from '../../dist/run/segment-tracker.js';

const outcomes = Number(process.argv[2] ?? 1_000_000);
const entriesASegment = Number(process.argv[3] ?? 1024);
/** As the engine commits. */
const OUTCOMES_A_COMMIT = 512;

const failure = (key) => ({
  outcome: 'failed',
  rule: 'media',
  code: 'ORIGIN_NOT_FOUND',
  status: 404,
  origin: 'https://origin.example/media/',
  message: `https://origin.example/media/${key} answered 404 Not Found`,
  attempts: 1,
});
const copy = (random) => ({
  outcome: 'copied',
  rule: 'media',
  bytes: Math.floor(random * 5_000_000),
  origin: 'https://origin.example/media/',
  attempts: 1,
  etag: `"${Array.from({ length: 4 }, (_, at) =>
    Math.floor(((random * 7919 ** (at + 1)) % 1) * 2 ** 32)
      .toString(16)
      .padStart(8, '0'),
  ).join('')}"`,
  lengthVerified: true,
});
const skip = { outcome: 'skipped', rule: 'media', reason: 'exists' };

/** Each scenario: what becomes of the entry of that number. */
const SCENARIOS = {
  'all copied': (_, random) => copy(random),
  '70 % copied, 29 % there, 1 % failed': (key, random) =>
    random < 0.7 ? copy(random) : random < 0.99 ? skip : failure(key),
  'all failed': failure,
};

async function sizeOf(folder) {
  const names = await readdir(folder, { recursive: true });
  const sizes = await Promise.all(names.map(async (name) => stat(join(folder, name))));
  return sizes.reduce((sum, one) => sum + (one.isFile() ? one.size : 0), 0);
}

function keyOf(number) {
  const part = (shift) => ((number >> shift) & 0xff).toString(16).padStart(2, '0');
  return `images/${part(16)}/${part(8)}/product-${number}-large.jpg`;
}

async function measure(name, become, kept) {
  const place = await mkdtemp(join(tmpdir(), 'bucketfill-bench-'));
  const options = { file: join(place, 'checkpoint.db'), results: kept, now: Date.now };
  const { checkpoint } = await openSqliteState(options);
  await checkpoint.begin({});
  const started = performance.now();
  const cpu = process.cpuUsage();
  let results = [];
  let dirty = new Set();
  let segment;
  const pending = [];
  const commit = async () => {
    const segments = Array.from(dirty, (one) => one.record());
    const batch = { segments, results, finished: false };
    [dirty, results] = [new Set(), []];
    pending.push(checkpoint.commit(batch));
    if (pending.length > 8) await pending.shift();
  };
  for (let number = 0; number < outcomes; number += 1) {
    const index = number % entriesASegment;
    if (index === 0) {
      const id = number / entriesASegment;
      const entries = Math.min(entriesASegment, outcomes - number);
      segment = new SegmentTracker(
        openSegment({
          id,
          start: number * 60,
          end: (number + entries) * 60,
          prefixCrc: id,
          entries,
        }),
      );
    }
    const key = keyOf(number);
    const outcome = become(key, Math.random());
    segment.settle(index, outcome);
    dirty.add(segment);
    if (kept === 'all' || (kept === 'failures' && outcome.outcome === 'failed')) {
      results.push({ segment: segment.id, index, key, ...outcome });
    }
    if ((number + 1) % OUTCOMES_A_COMMIT === 0) await commit();
  }
  await commit();
  await Promise.all(pending);
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await checkpoint.close();
  const database = (await stat(options.file)).size;
  const logged = await sizeOf(join(place, 'results'));
  const reopened = performance.now();
  const again = await openSqliteState(options);
  await again.checkpoint.totals();
  await again.checkpoint.openSegments();
  const openMs = performance.now() - reopened;
  await again.checkpoint.close();
  const reading = performance.now();
  const reader = readResults(place);
  let lines = 0;
  while (!(await reader.next()).done) lines += 1;
  const readSeconds = (performance.now() - reading) / 1000;
  await rm(place, { recursive: true });
  process.stdout.write(
    `${name}, results ${kept}: checkpoint.db ${(database / outcomes).toFixed(3)} bytes an object, ` +
      `results ${(logged / outcomes).toFixed(2)}; ${Math.round(outcomes / seconds)} outcomes/s, ` +
      `${((user + system) / outcomes).toFixed(2)} us CPU each; resume opens in ${openMs.toFixed(0)} ms; ` +
      `${lines} lines read back in ${readSeconds.toFixed(1)} s\n`,
  );
}

for (const [name, become] of Object.entries(SCENARIOS)) {
  for (const kept of ['all', 'failures', 'none']) await measure(name, become, kept);
}
