import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { openSharedStore } from '../../src/checkpoint/shared-store.ts';
import type { ProcessUsage, ServeProcess } from '../support/serve-process.ts';
import { type S3Double, startS3Double } from '../support/s3-double.ts';
import { type Workplace, workplace } from '../support/workplace.ts';
import { chanceOf } from './chance.ts';
import { judgeBucket } from './judge-bucket.ts';
import { beginLife, type LifeReport, type ServeLife } from './serve-life.ts';
import { type LoadTally, runClient } from './soak-client.ts';
import { SoakObjects } from './soak-objects.ts';
import { type SoakSite, startSoakSite } from './soak-site.ts';
import { runSomebody } from './somebody.ts';

export interface ServeSoakOptions {
  readonly seed: number;
  readonly forMs: number;
}

/** What a soak came to. */
export interface ServeSoakReport {
  readonly seconds: number;
  /** Everything that is wrong; a good soak has nothing here. */
  readonly wrong: readonly string[];
  readonly lives: readonly LifeReport[];
  readonly kills: number;
  readonly requests: number;
  readonly unanswered: number;
  readonly cut: number;
  readonly left: number;
  readonly mebibytes: number;
  readonly answers: Readonly<Record<string, number>>;
  readonly originRequests: number;
  readonly originFaults: number;
  readonly bucketFaults: number;
  readonly promised: number;
  /** Promised objects that are not in the bucket, with how their fetch failed. */
  readonly promisesBroken: Readonly<Record<string, string>>;
  /** Fetches that are written down when all is over. */
  readonly pendingLeft: number;
  /** Names in the spool directory when all is over. */
  readonly spoolLeft: readonly string[];
  /** Uploads in the store: those begun by processes that were killed, and others. */
  readonly uploadsLeft: { readonly ofKilled: number; readonly ofOthers: number };
  /** Of the last process, before anybody came and after everybody had left. */
  readonly idle: ProcessUsage;
  readonly atRest: ProcessUsage;
}

const CLIENTS = 32;
/** One answer of the origin in so many goes wrong. */
const ORIGIN_FAULT_ONE_IN = 15;
/** Of the time so much is for lives that end soon; the rest is one long life. */
const SHORT_LIVES = 0.6;
const SHORTEST_MS = 5000;
const SPREAD_MS = 20_000;
/** For the answers under way when nobody asks any more. */
const LAST_ANSWERS_MS = 45_000;
/** For what is under way, and for connections to end, when nobody asks any more. */
const REST_MS = 60_000;

/** Serves a mixed load through kills, stops and faults, and holds every byte against the oracle. */
export async function serveSoak({ seed, forMs }: ServeSoakOptions): Promise<ServeSoakReport> {
  const chance = chanceOf(seed);
  const objects = new SoakObjects();
  const [rough, steady, store] = await Promise.all([
    startSoakSite(objects, chance),
    startSoakSite(objects, chance),
    startS3Double({ switches: { multipartEtag: 'md5OfMd5s' } }),
  ]);
  const place = await workplace(rulesOf(rough, steady, store));
  const over = new AbortController();
  try {
    return await play({ objects, rough, steady, store, place, chance, forMs, over });
  } finally {
    over.abort();
    await Promise.all([rough.close(), steady.close(), store.close()]);
    await place.remove();
  }
}

interface Stage {
  readonly objects: SoakObjects;
  readonly rough: SoakSite;
  readonly steady: SoakSite;
  readonly store: S3Double;
  readonly place: Workplace;
  readonly chance: () => number;
  readonly forMs: number;
  /** Aborts when nobody asks any more. */
  readonly over: AbortController;
}

async function play(stage: Stage): Promise<ServeSoakReport> {
  const { objects, rough, store, place, chance, forMs, over } = stage;
  const startedMs = Date.now();
  const tally: LoadTally = {
    requests: 0,
    unanswered: 0,
    cut: 0,
    left: 0,
    bytes: 0,
    answers: new Map(),
    wrong: [],
    promised: new Set(),
  };
  const now: { url: string | undefined } = { url: undefined };
  rough.misbehave(ORIGIN_FAULT_ONE_IN);
  const settings = { objects, chance, tally, url: () => now.url, over: over.signal };
  const clients = Array.from({ length: CLIENTS }, () => runClient(settings));
  const somebody = runSomebody(objects, store, chance, over.signal);
  const lives: LifeReport[] = [];
  const failed = new Map<string, string>();
  const begin = async (): Promise<ServeLife> =>
    beginLife(place, ({ event, key = '', outcome, code = '' }) => {
      if (event === 'filled' && outcome === 'failed') failed.set(key, code);
    });
  let life = await begin();
  const untilMs = startedMs + forMs * SHORT_LIVES;
  for (;;) {
    now.url = life.serve.url;
    const leftMs = untilMs - Date.now();
    if (leftMs < SHORTEST_MS) break;
    await pause(Math.min(SHORTEST_MS + chance() * SPREAD_MS, leftMs));
    const end = life.end(lives.length % 4 === 3 ? 'SIGTERM' : 'SIGKILL');
    now.url = undefined;
    lives.push(await end);
    tally.wrong.push(...judgeBucket(objects, store));
    life = await begin();
  }
  await pause(startedMs + forMs - Date.now());
  over.abort();
  tally.wrong.push(...(await stillWaiting(clients)));
  const bucketFaults = await somebody;
  rough.misbehave(0);
  const atRest = await comeToRest(life, stage);
  lives.push(await life.end('SIGTERM'));
  tally.wrong.push(...judgeBucket(objects, store), ...badEnds(lives));
  const stored = store.bucket('bucket').objects;
  const broken = [...tally.promised].filter((key) => !stored.has(key));
  for (const key of broken) {
    if (!failed.has(key)) tally.wrong.push(`${key} was promised, and nothing came of it`);
  }
  return {
    seconds: Math.round((Date.now() - startedMs) / 1000),
    wrong: tally.wrong,
    lives,
    kills: lives.filter(({ end }) => end === 'SIGKILL').length,
    requests: tally.requests,
    unanswered: tally.unanswered,
    cut: tally.cut,
    left: tally.left,
    mebibytes: Math.round(tally.bytes / 1024 ** 2),
    answers: Object.fromEntries([...tally.answers].sort()),
    originRequests: rough.requests() + stage.steady.requests(),
    originFaults: rough.faults(),
    bucketFaults,
    promised: tally.promised.size,
    promisesBroken: Object.fromEntries(broken.map((key) => [key, failed.get(key) ?? 'untold'])),
    pendingLeft: await pendingLeft(place),
    spoolLeft: await readdir(path.join(place.folder, '.bucketfill', 'spool')).catch(() => []),
    uploadsLeft: uploadsLeft(store, lives),
    idle: life.idle,
    atRest,
  };
}

/** Every answer ends, or its connection breaks: whoever waits for longer was forgotten. */
async function stillWaiting(clients: readonly Promise<void>[]): Promise<string[]> {
  let waiting = clients.length;
  const left = clients.map((client) => client.then(() => (waiting -= 1)));
  await Promise.race([Promise.all(left), pause(LAST_ANSWERS_MS)]);
  return waiting === 0 ? [] : [`${waiting} clients wait for the end of their answers`];
}

/** Waits until nothing is under way and no connection is left that idles. */
async function comeToRest(
  { serve, idle }: ServeLife,
  { rough, steady, store }: Stage,
): Promise<ProcessUsage> {
  const untilMs = Date.now() + REST_MS;
  while ((await fillsInFlight(serve)) > 0 && Date.now() < untilMs) await pause(200);
  for (;;) {
    for (const server of [rough, steady, store]) server.closeIdle();
    await pause(250);
    const usage = await serve.usage();
    const isIdle = usage.sockets <= idle.sockets && usage.unnamedFiles <= idle.unnamedFiles;
    if (isIdle || Date.now() > untilMs) return usage;
  }
}

async function fillsInFlight({ adminUrl }: ServeProcess): Promise<number> {
  const metrics = await (
    await fetch(`${adminUrl}/metrics`, { headers: { connection: 'close' } })
  ).text();
  return Number(/^bucketfill_fills_in_flight (\d+)$/m.exec(metrics)?.[1] ?? NaN);
}

function badEnds(lives: readonly LifeReport[]): string[] {
  const stopped = lives.filter(({ end, exitCode }) => end === 'SIGTERM' && exitCode !== 0);
  return stopped.map(
    ({ exitCode, endMs }) => `SIGTERM: exit ${String(exitCode)} after ${endMs} ms`,
  );
}

async function pendingLeft({ folder }: Workplace): Promise<number> {
  const buckets = path.join(folder, '.bucketfill', 'buckets');
  let pending = 0;
  for (const name of await readdir(buckets)) {
    const shared = await openSharedStore({ directory: path.join(buckets, name), now: Date.now });
    pending += (await shared.pending.all()).length;
    await shared.close();
  }
  return pending;
}

function uploadsLeft(
  store: S3Double,
  lives: readonly LifeReport[],
): ServeSoakReport['uploadsLeft'] {
  const uploads = [...store.bucket('bucket').uploads.values()];
  const ofKilled = uploads.filter(({ startedMs }) => {
    const life = lives.findLast((one) => one.startedMs <= startedMs);
    return life?.end === 'SIGKILL';
  }).length;
  return { ofKilled, ofOthers: uploads.length - ofKilled };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}

function rulesOf(rough: SoakSite, steady: SoakSite, { endpoint }: S3Double): string {
  return `version: 1
allowPrivate: true
bucket: { url: "s3://bucket", endpoint: "${endpoint}", credentials: { env: DEST } }
defaults:
  origins: { masters: ["${rough.url}"], retries: { base: 5ms, max: 500ms } }
  request: { timeouts: { connect: 2s, firstByte: 2s, idle: 1s } }
rules:
  - id: backed
    match: { keyPrefix: f/ }
    origins: { masters: ["${rough.url}"], slaves: ["${steady.url}"] }
  - id: promised
    match: { keyPrefix: r/ }
    action: redirectAndFetch
    origins: { masters: ["${steady.url}"] }
    request: { timeouts: { firstByte: 20s, idle: 20s } }
  - { id: proxied, match: { keyPrefix: p/ }, action: proxy }
  - { id: absent, match: { keyPrefix: none/ }, protect: { negativeTtl: 3s } }
  - { id: all }
`;
}
