import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { byteBudget } from '../../src/guard/byte-budget.ts';
import type { EntrySource } from '../../src/model/entry.ts';
import { objectKey } from '../../src/model/object-key.ts';
import type { Origin } from '../../src/model/origin.ts';
import { Engine, type EngineJob } from '../../src/run/engine.ts';
import { PresenceFinder } from '../../src/run/presence.ts';
import { Tallies } from '../../src/run/tallies.ts';
import { ThreadLost } from '../../src/run/threads/thread-lost.ts';
import { rulesOf } from '../rules/rules-of.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';
import { memoryBucket } from '../support/memory-bucket.ts';
import { memoryCheckpoint } from '../support/memory-checkpoint.ts';

const KEYS = 5000;
const note = (): void => undefined;

/** A list of many keys. */
const entries: EntrySource = {
  name: 'keys',
  async *batches() {
    const keys = Array.from({ length: KEYS }, (_, index) => ({ key: objectKey(`k${index}`) }));
    yield await Promise.resolve({ entries: keys, start: 0, end: 1, prefixCrc: 0 });
  },
  reread: () => Promise.resolve([]),
  startsWith: () => Promise.resolve(true),
  close: () => Promise.resolve(),
};

let clock: FakeClock;
let abort: AbortController;
let reading: number;
let lines: string[];
let working: Promise<void>;
let failure: unknown;

beforeEach(() => {
  clock = fakeClock();
  abort = new AbortController();
  [reading, lines, failure] = [0, [], undefined];
});
afterEach(async () => {
  abort.abort(new Error('the test is over'));
  await working;
});

/** An origin that gives each object after `ms`. */
function originOf(ms: number, waits = false): Origin {
  return {
    name: 'http://o.example/',
    async read(request, reader, signal) {
      if (waits) request.onWait?.(true);
      reading += 1;
      try {
        await clock.sleep(ms, signal);
      } finally {
        reading -= 1;
        if (waits) request.onWait?.(false);
      }
      const head = { origin: '', url: '', status: 200, headers: {}, length: 1 };
      const read = await reader({
        head: { ...head, framing: 'length' },
        bytes: () => Promise.resolve(Buffer.from('x')),
        pipeTo: () => Promise.resolve(0),
      });
      if (typeof read === 'object' && read !== null && 'reader' in read) throw new Error('again');
      return read;
    },
    probe: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

function start(origin: Origin, concurrency: number | 'auto', more: Partial<EngineJob> = {}): void {
  const bucket = memoryBucket();
  const rules = rulesOf('rules: [{ id: all, origins: { masters: ["https://o.example/"] } }]\n');
  const job: EngineJob = {
    examination: {
      rules,
      sources: new Map([
        ['all', { origin, headers: { headers: {}, secrets: new Set() }, checkKey: note }],
      ]),
      bucket,
      presence: new PresenceFinder({
        bucket,
        headIsCheap: true,
        exclusiveCreate: () => true,
        clock,
        note,
        warn: note,
      }),
      overwrite: 'always',
      dryRun: false,
      memory: byteBudget(256 * 2 ** 20),
      uploads: undefined,
    },
    entries,
    checkpoint: memoryCheckpoint(),
    events: { emit: note, flush: () => Promise.resolve() },
    clock,
    concurrency,
    traffic: { bodyBytes: 0 },
    waitingRules: () => [],
    warn: (line) => lines.push(line),
    onBoundary: note,
    stop: { drain: abort.signal, abort: abort.signal },
    ...more,
  };
  const begun = {
    resumed: false,
    open: [],
    position: { end: 0, prefixCrc: 0 },
    segments: 0,
    carried: { listed: 0, copied: 0, skipped: 0, failed: 0 },
  };
  working = new Engine(job, new Tallies()).work(begun).catch((error: unknown) => {
    failure = error;
  });
}

describe('how many objects are worked on at once', () => {
  test('by itself begins with 16 and grows while that makes it faster', async () => {
    start(originOf(100), 'auto');
    await clock.advance(50);
    expect(reading).toBe(16);
    await clock.advance(1500);
    expect(reading).toBeGreaterThanOrEqual(64);
  });

  test('stays what was given', async () => {
    start(originOf(100), 20);
    await clock.advance(1550);
    expect(reading).toBe(20);
  });
});

describe('large objects at the end of a list that names sizes', () => {
  const MIB = 2 ** 20;
  const listed = [
    ...Array.from({ length: 40 }, (_, index) => ({ key: objectKey(`s${index}`), size: 1 })),
    { key: objectKey('big'), size: 3 * MIB },
    { key: objectKey('biggest'), size: 9 * MIB },
    { key: objectKey('bigger'), size: 5 * MIB },
  ];
  const source: EntrySource = {
    ...entries,
    async *batches() {
      yield await Promise.resolve({ entries: listed, start: 0, end: 1, prefixCrc: 0 });
    },
  };

  /** Gives small objects after 100 ms, large ones after a second, and notes who was asked for. */
  function noting(asked: string[]): Origin {
    const [small, large] = [originOf(100), originOf(1000)];
    return {
      ...small,
      read: (request, reader, signal) => {
        asked.push(request.key);
        const origin = request.key.startsWith('b') ? large : small;
        return origin.read(request, reader, signal);
      },
    };
  }

  test('are begun first, the largest before all, and leave room for the others', async () => {
    const asked: string[] = [];
    start(noting(asked), 4, { entries: source });
    await clock.advance(50);
    expect(asked).toEqual(['biggest', 'bigger', 's0', 's1']);
    await clock.advance(500);
    expect(asked.slice(4).every((key) => key.startsWith('s'))).toBe(true);
    await clock.advance(600);
    expect(asked).toContain('big');
  });

  test('have every place once there is nothing else', async () => {
    const asked: string[] = [];
    const few = listed.slice(-4);
    const onlyFew = { ...source, batches: source.batches.bind(source) };
    onlyFew.batches = async function* () {
      yield await Promise.resolve({ entries: few, start: 0, end: 1, prefixCrc: 0 });
    };
    start(noting(asked), 4, { entries: onlyFew });
    await clock.advance(50);
    expect(asked).toEqual(['biggest', 'bigger', 's39', 'big']);
  });
});

describe('a job that makes no progress', () => {
  test('says so each minute, with what it waits for', async () => {
    start(originOf(3_600_000, true), 2, { waitingRules: () => ['all'] });
    await clock.advance(59_000);
    expect(lines).toEqual([]);
    await clock.advance(62_000);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(
      /^no progress for 60 s: (\d+) objects are in flight, of which \1 wait for an address of rule all to come back$/,
    );
  });

  test('says nothing while bytes come, though no object is finished', async () => {
    const traffic = { bodyBytes: 0 };
    start(originOf(3_600_000), 2, { traffic });
    for (let turn = 0; turn < 4; turn += 1) {
      await clock.advance(40_000);
      traffic.bodyBytes += 1;
    }
    expect(lines).toEqual([]);
  });

  test('says nothing while objects are finished', async () => {
    start(originOf(50_000), 2);
    await clock.advance(130_000);
    expect(lines).toEqual([]);
  });
});

test('a thread that is lost ends the run, and no entry is told as failed', async () => {
  const told: object[] = [];
  start(originOf(100), 4, {
    threads: () => ({
      copy: async (work, here) => {
        if (work.entry.key === 'k6') throw new ThreadLost('broke down');
        return here();
      },
    }),
    events: { emit: (event) => told.push(event), flush: () => Promise.resolve() },
  });
  await clock.advance(1000);
  await working;
  expect(failure).toBeInstanceOf(ThreadLost);
  const outcomes = told.flatMap((event) => ('outcome' in event ? [event.outcome] : []));
  expect(new Set(outcomes)).toEqual(new Set(['copied']));
});
