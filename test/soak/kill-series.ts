import { type S3Double, startS3Double } from '../support/s3-double.ts';
import { contradictions, plainFiles } from '../support/oracle.ts';
import type { CliResult, RunningCli } from '../support/run-cli.ts';
import { type Workplace, workplace } from '../support/workplace.ts';
import { chanceOf } from './chance.ts';
import { type RoughSite, startRoughSite } from './rough-site.ts';

/** What a series of kills came to. */
export interface SeriesReport {
  readonly rounds: number;
  readonly kills: number;
  readonly objects: number;
  /** Everything that is wrong; a good series has nothing here. */
  readonly wrong: readonly string[];
  readonly refetchedBytes: number;
  /** What all that was in flight at the kills may come to. */
  readonly allowedBytes: number;
  /** Requests that went on inside an object. */
  readonly rangeRequests: number;
  /** Uploads without parts: killed between their creation and its being written down. */
  readonly strayUploads: number;
}

export interface SeriesOptions {
  readonly seed: number;
  /** Ends when so many kills have struck, */
  readonly kills: number;
  /** or so much time is over. */
  readonly forMs?: number;
  /** One answer of origin and bucket in so many goes wrong; 0: none. */
  readonly faultOneIn: number;
  /** Threads that copy; absent: one. */
  readonly workers?: number;
}

const MIB = 1024 ** 2;
const OBJECTS = 300;
const LARGE = 3;
const CONCURRENCY = 8;
const PART_BYTES = 5 * MIB;
const ENV = { DEST_ACCESS_KEY_ID: 'test', DEST_SECRET_ACCESS_KEY: 'testtest' };

/** Per kill: every small object in flight whole, and of each large one a part on its way, one that fills up, and what the sockets hold. */
const IN_FLIGHT_BYTES = CONCURRENCY * 300 * 1024 + LARGE * (2 * PART_BYTES + 4 * MIB);

/** A directory starts a large object again: the whole of each may have been in flight. */
const IN_FLIGHT_DIRECTORY_BYTES = CONCURRENCY * 300 * 1024 + LARGE * 32 * MIB;

/**
 * Fills buckets, one after the other, with runs that are killed at moments that nobody chose, and
 * asks the oracle after each bucket. Half of them are S3, half directories.
 */
export async function killSeries(options: SeriesOptions): Promise<SeriesReport> {
  const chance = chanceOf(options.seed);
  const untilMs = Date.now() + (options.forMs ?? Infinity);
  const total = { rounds: 0, kills: 0, refetched: 0, allowed: 0, ranges: 0, strays: 0 };
  const wrong: string[] = [];
  while (total.kills < options.kills && Date.now() < untilMs) {
    const left = options.kills - total.kills;
    const round = await playRound(options, total.rounds, left, chance);
    total.rounds += 1;
    total.kills += round.kills;
    total.refetched += round.refetched;
    total.allowed += round.allowed;
    total.ranges += round.ranges;
    total.strays += round.strays;
    wrong.push(...round.wrong.map((line) => `round ${total.rounds}: ${line}`));
  }
  return {
    rounds: total.rounds,
    kills: total.kills,
    objects: total.rounds * OBJECTS,
    wrong,
    refetchedBytes: total.refetched,
    allowedBytes: total.allowed,
    rangeRequests: total.ranges,
    strayUploads: total.strays,
  };
}

interface Round {
  readonly kills: number;
  readonly wrong: readonly string[];
  readonly refetched: number;
  readonly allowed: number;
  readonly ranges: number;
  readonly strays: number;
}

async function playRound(
  { seed, faultOneIn, workers = 1 }: SeriesOptions,
  number: number,
  mostKills: number,
  chance: () => number,
): Promise<Round> {
  const isS3 = number % 2 === 0;
  const site = await startRoughSite(`${seed}-${number}`, OBJECTS, LARGE, chance);
  const store = await startS3Double();
  const place = await workplace(rules(site, isS3 ? store : undefined));
  try {
    site.misbehave(faultOneIn);
    await place.list(site.keys);
    const runs = await runUntilDone(place, store, { mostKills, faultOneIn, workers }, chance);
    const kills = runs.filter(({ code }) => code === null).length;
    const bucket = store.bucket('bucket');
    const stored = isS3
      ? () =>
          Promise.resolve(new Map(Array.from(bucket.objects, ([key, { bytes }]) => [key, bytes])))
      : () => plainFiles(place.bucket);
    const expected = { entries: site.keys, objects: site.digests, stored };
    const wrong = [...(await contradictions(runs, expected))];
    const uploads = [...bucket.uploads.values()];
    for (const { key, parts } of uploads) {
      if (parts.size > 0) wrong.push(`an upload of ${key} was left with ${parts.size} parts`);
    }
    return {
      kills,
      wrong,
      refetched: site.refetchedBytes(),
      allowed: kills * (isS3 ? IN_FLIGHT_BYTES : IN_FLIGHT_DIRECTORY_BYTES),
      ranges: site.rangeStarts.length,
      strays: uploads.length,
    };
  } finally {
    await Promise.all([site.close(), store.close()]);
    await place.remove();
  }
}

interface Killing {
  readonly mostKills: number;
  readonly faultOneIn: number;
  readonly workers: number;
}

/** Runs the job, each time killed after a while, until it ends by itself. */
async function runUntilDone(
  place: Workplace,
  store: S3Double,
  { mostKills, faultOneIn, workers }: Killing,
  chance: () => number,
): Promise<readonly CliResult[]> {
  const flags = ['--concurrency', String(CONCURRENCY), '--workers', String(workers), '--quiet'];
  const runs: CliResult[] = [];
  for (;;) {
    // Long enough to get somewhere, short enough to be in the middle of it; longer with each run,
    // since on a busy machine a directory's large object may never be done in so short a time.
    const mostMs = 700 + 10 * runs.length;
    const afterMs = runs.length < mostKills ? chance() * mostMs : Infinity;
    if (faultOneIn > 0) spoil(store, faultOneIn, chance);
    const run = await place.migrate(flags, {
      env: ENV,
      onStart: killAfter(afterMs),
    });
    runs.push(run);
    if (run.code !== null) return runs;
  }
}

/** Kills a run so long after its first event: before that nothing is at stake. */
function killAfter(ms: number): (child: RunningCli) => void {
  return ({ kill, stdout }) => {
    if (ms === Infinity) return;
    const watch = setInterval(() => {
      if (stdout() === '') return;
      clearInterval(watch);
      setTimeout(() => {
        kill('SIGKILL');
      }, ms).unref();
    }, 5);
    watch.unref();
  };
}

/** Scripts the bucket's faults for one run. */
function spoil(store: S3Double, oneIn: number, chance: () => number): void {
  store.healed();
  for (const operation of ['PutObject', 'UploadPart', 'CompleteMultipartUpload'] as const) {
    for (let nth = 1; nth <= OBJECTS; nth += 1) {
      if (chance() >= 1 / oneIn) continue;
      const dice = chance();
      store.fail({
        operation,
        nth,
        action:
          dice < 0.3
            ? { kind: 'reset' }
            : dice < 0.6
              ? { kind: 'loseAnswer' }
              : { kind: 'refuse', status: 503, code: 'SlowDown', retryAfter: '0' },
      });
    }
  }
}

function rules(site: RoughSite, store: S3Double | undefined): string {
  const bucket =
    store === undefined
      ? '  url: file:./bucket'
      : `  url: s3://bucket\n  endpoint: ${store.endpoint}\n  credentials: { env: DEST }`;
  return `version: 1
allowPrivate: true
bucket:
${bucket}
rules:
  - id: all
    origins:
      masters: ["${site.url}"]
      retries: { perAddress: 8, base: 1ms, max: 20ms }
    store:
      multipart: { threshold: 5MiB, partSize: 5MiB, concurrency: 1 }
    protect:
      breaker: { ratio: 1 }
`;
}
