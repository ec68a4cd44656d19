import { beforeEach, expect, test } from 'vitest';
import { byteBudget } from '../../src/guard/byte-budget.ts';
import type { EntrySource } from '../../src/model/entry.ts';
import type { ProgressEvent, RunEvent } from '../../src/model/event.ts';
import type { Clock } from '../../src/model/ports.ts';
import { PresenceFinder } from '../../src/run/presence.ts';
import { Recorder } from '../../src/run/recorder.ts';
import { run } from '../../src/run/run.ts';
import { Tallies } from '../../src/run/tallies.ts';
import { startTicker } from '../../src/run/ticker.ts';
import { rulesOf } from '../rules/rules-of.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';
import { memoryBucket } from '../support/memory-bucket.ts';
import { memoryCheckpoint } from '../support/memory-checkpoint.ts';

const DAY_MS = 86_400_000;
const note = (): void => undefined;
const never = new AbortController().signal;

let time: FakeClock;
/** What the clock on the wall is off by; timers go on as ever. */
let offMs: number;
let wall: Clock;
let events: RunEvent[];

beforeEach(() => {
  time = fakeClock();
  offMs = 0;
  wall = { ...time, now: () => time.now() + offMs };
  events = [];
});

const sink = {
  emit: (event: RunEvent) => {
    events.push(event);
  },
  flush: () => Promise.resolve(),
};

/** An empty list, while which is read the clock is set by `ms`. */
function listThatSets(ms: number): EntrySource {
  return {
    name: 'keys',
    // eslint-disable-next-line require-yield -- a list may hold no keys
    async *batches() {
      await Promise.resolve();
      offMs += ms;
    },
    reread: () => Promise.resolve([]),
    startsWith: () => Promise.resolve(true),
    close: () => Promise.resolve(),
  };
}

async function elapsedMs(entries: EntrySource): Promise<number> {
  const bucket = memoryBucket();
  const { summary } = await run({
    ...{ command: 'migrate', job: 'j', fingerprint: {}, differences: () => [] },
    ...{ bucketRequests: () => 0, entries, checkpoint: memoryCheckpoint(), events: sink },
    ...{ clock: wall, concurrency: 1, traffic: { bodyBytes: 0 }, waitingRules: () => [] },
    ...{ warn: note, onBoundary: note, stop: { drain: never, abort: never } },
    examination: {
      rules: rulesOf('rules: [{ id: all, origins: { masters: ["https://o.example/"] } }]\n'),
      sources: new Map(),
      presence: new PresenceFinder({
        ...{ bucket, headIsCheap: true, exclusiveCreate: () => true, clock: wall },
        ...{ note, warn: note },
      }),
      ...{ bucket, overwrite: 'always', dryRun: false, uploads: undefined },
      memory: byteBudget(2 ** 20),
    },
  });
  return summary.elapsedMs;
}

test('a run during which the clock is set back took no less than no time', async () => {
  expect(await elapsedMs(listThatSets(-DAY_MS))).toBe(0);
  expect(await elapsedMs(listThatSets(1500))).toBe(1500);
});

/** The progress that is told each second, with `offs` as what the clock is off by meanwhile. */
async function progress(offs: readonly number[]): Promise<readonly ProgressEvent[]> {
  const tallies = new Tallies();
  const recorder = new Recorder(sink, memoryCheckpoint(), tallies, note, never);
  const ticker = startTicker({
    ...{ clock: wall, events: sink, recorder, tallies, dryRun: false },
    ...{ inFlight: () => 0, onTick: note },
  });
  for (const off of offs) {
    offMs = off;
    const copied = { outcome: 'copied', rule: 'r', bytes: 5000, attempts: 1 } as const;
    const rest = { origin: '', etag: '', lengthVerified: true };
    tallies.settle({ ...copied, ...rest });
    await time.advance(1000);
  }
  await ticker.stop();
  return events.filter((event) => event.event === 'progress');
}

test.each([
  ['back', -DAY_MS],
  ['forward', DAY_MS],
])('the speed that is told is right while the clock is set %s', async (_way, ms) => {
  const told = await progress([0, ms, ms]);
  expect(told.map(({ bytesPerSecond }) => bytesPerSecond)).toEqual([5000, 5000, 5000]);
});
