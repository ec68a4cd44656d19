import { beforeEach, describe, expect, it } from 'vitest';
import { failoverOrigin } from '../../src/guard/failover-origin.ts';
import { guardAddress } from '../../src/guard/guard-address.ts';
import { concurrencyLimiter } from '../../src/guard/concurrency-limiter.ts';
import type { GuardedOrigin } from '../../src/guard/guarded-origin.ts';
import { Interrupted } from '../../src/model/failure.ts';
import type { Origin } from '../../src/model/origin.ts';
import { fakeClock, type FakeClock } from '../support/fake-clock.ts';
import {
  failure,
  never,
  readText,
  request,
  scriptedOrigin,
  type ScriptedOrigin,
} from './scripted-origin.ts';

const GIVE_UP_MS = 600_000;

describe('a rule whose addresses are all down', () => {
  let clock: FakeClock;
  let lines: string[];
  let a: ScriptedOrigin;
  let b: ScriptedOrigin;

  beforeEach(() => {
    clock = fakeClock();
    lines = [];
    [a, b] = [scriptedOrigin('a'), scriptedOrigin('b')];
    down(a);
    down(b);
  });

  const drain = new AbortController();

  function down(origin: ScriptedOrigin): void {
    origin.script(failure('ORIGIN_UNREACHABLE', origin.name));
    origin.dead = failure('ORIGIN_UNREACHABLE', origin.name);
  }
  function up(origin: ScriptedOrigin): void {
    origin.script('ok');
    origin.dead = undefined;
  }
  function rule(addresses: readonly GuardedOrigin[] = [a, b]): Origin {
    return failoverOrigin({
      name: 'rule r',
      order: () => addresses,
      maxAddresses: 3,
      retryOn: ['5XX'],
      neverRetryOn: [],
      giveUpAfterMs: GIVE_UP_MS,
      clock,
      drain: drain.signal,
      onWaiting: (line) => lines.push(line),
    });
  }
  /** A read whose end can be looked at. */
  function start(origin: Origin, signal?: AbortSignal) {
    const read: { result?: unknown } = {};
    readText(origin, signal).then(
      (value) => (read.result = value),
      (error: unknown) => (read.result = error),
    );
    return read;
  }

  it('keeps its keys waiting and gives them when an address is back', async () => {
    const origin = rule();
    const reads = [start(origin), start(origin), start(origin)];
    await clock.advance(100_000);
    expect(reads.map(({ result }) => result)).toEqual([undefined, undefined, undefined]);
    expect(lines).toEqual(['every address of rule r is down, its keys wait']);
    up(b);
    await clock.advance(30_000);
    expect(reads.map(({ result }) => result)).toEqual(['b', 'b', 'b']);
  });

  it('is looked at by one prober, at growing intervals', async () => {
    const origin = rule();
    for (let key = 0; key < 20; key += 1) start(origin);
    await clock.settle();
    expect(a.probes()).toBe(1);
    await clock.advance(1000 + 2000 + 4000 + 8000 + 16_000 + 30_000 + 30_000);
    expect(clock.sleeps).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    expect(a.probes()).toBe(8);
    expect(clock.sleepers()).toBe(1);
  });

  it('is not asked for new keys while others wait', async () => {
    const origin = rule();
    start(origin);
    await clock.settle();
    const before = a.reads();
    const late = start(origin);
    await clock.advance(5000);
    expect(a.reads()).toBe(before);
    up(a);
    await clock.advance(30_000);
    expect(late.result).toBe('a');
  });

  it('ends the run for every key that waits when it has been down too long', async () => {
    const origin = rule();
    const reads = [start(origin), start(origin)];
    await clock.advance(GIVE_UP_MS - 1);
    expect(reads[0]?.result).toBeUndefined();
    await clock.advance(1);
    for (const { result } of reads) {
      expect(result).toMatchObject({ name: 'FatalError', kind: 'origins-unusable' });
      const message = result instanceof Error ? result.message : '';
      for (const word of ['rule r', '600 s', 'a failed by', 'b failed by', 'resumes']) {
        expect(message).toContain(word);
      }
    }
  });

  it('begins to count anew after a good answer', async () => {
    const origin = rule();
    start(origin);
    await clock.advance(GIVE_UP_MS - 60_000);
    up(a);
    await clock.advance(60_000 - 1);
    expect(await readText(origin)).toBe('a');
    down(a);
    const again = start(origin);
    await clock.advance(GIVE_UP_MS - 1);
    expect(again.result).toBeUndefined();
    expect(lines).toHaveLength(2);
    await clock.advance(1);
    expect(again.result).toMatchObject({ kind: 'origins-unusable' });
  });

  it('stops looking when nobody waits any more', async () => {
    const origin = rule();
    const abort = new AbortController();
    const reads = [start(origin, abort.signal), start(origin, abort.signal)];
    await clock.settle();
    abort.abort(new Error('interrupted'));
    await clock.settle();
    expect(reads.map(({ result }) => result)).toEqual([
      new Error('interrupted'),
      new Error('interrupted'),
    ]);
    expect(clock.sleepers()).toBe(0);
    up(a);
    expect(await readText(origin)).toBe('a');
  });

  it('lets go of who waits when it is closed', async () => {
    const origin = rule();
    const read = start(origin);
    await clock.settle();
    await origin.close();
    await clock.settle();
    expect(read.result).toEqual(new Error('the origin is closed'));
    expect(clock.sleepers()).toBe(0);
  });

  it('keeps keys waiting that no address may be asked for, until one may be tried', async () => {
    for (const origin of [a, b]) {
      up(origin);
      origin.usable = false;
      origin.retryAt = clock.now() + 20_500;
    }
    const read = start(rule());
    await clock.advance(20_499);
    expect([read.result, a.probes()]).toEqual([undefined, 0]);
    a.usable = true;
    await clock.advance(1);
    expect(read.result).toBe('a');
  });

  it('ends the run where addresses are alive to probes and no read ever succeeds', async () => {
    const broken = failure('ORIGIN_STATUS', 'a', { status: 500 });
    a.script(broken);
    a.dead = undefined;
    const guarded = guardAddress(a, {
      retries: { perAddress: 1, baseMs: 1, maxMs: 1 },
      limiter: concurrencyLimiter(8),
      breaker: { ratio: 0.5, minimumCalls: 4, windowMs: 30_000, openMs: 30_000 },
      clock,
      onState: () => undefined,
      drain: drain.signal,
    });
    const origin = rule([guarded]);
    const reads = Array.from({ length: 60 }, () => start(origin));
    await clock.advance(2 * GIVE_UP_MS);
    const results = reads.map(({ result }) => result);
    expect(results.filter((result) => result === broken).length).toBeLessThan(40);
    expect(results.at(-1)).toMatchObject({ kind: 'origins-unusable' });
  });

  it('lets its keys go when the run is to stop, as if they had not been taken up', async () => {
    down(a);
    down(b);
    const stopping = new AbortController();
    const waits: boolean[] = [];
    const origin = failoverOrigin({
      name: 'rule r',
      order: () => [a, b],
      maxAddresses: 3,
      retryOn: ['5XX'],
      neverRetryOn: [],
      giveUpAfterMs: GIVE_UP_MS,
      clock,
      drain: stopping.signal,
    });
    const onWait = (waiting: boolean): void => {
      waits.push(waiting);
    };
    const read = origin.read({ ...request, onWait }, async () => Promise.resolve(1), never());
    await clock.settle();
    expect(waits).toEqual([true]);
    stopping.abort('SIGTERM');
    await expect(read).rejects.toBeInstanceOf(Interrupted);
    expect(waits).toEqual([true, false]);
  });

  it('goes on with all its keys when broken addresses heal', async () => {
    const guarded = guardAddress(a, {
      retries: { perAddress: 3, baseMs: 200, maxMs: 30_000 },
      limiter: concurrencyLimiter(4),
      breaker: { ratio: 0.5, minimumCalls: 4, windowMs: 30_000, openMs: 30_000 },
      clock,
      onState: () => undefined,
      drain: drain.signal,
    });
    const origin = rule([guarded]);
    const reads = Array.from({ length: 30 }, () => start(origin));
    await clock.advance(120_000);
    expect(reads.every(({ result }) => result === undefined)).toBe(true);
    up(a);
    await clock.advance(120_000);
    expect(reads.map(({ result }) => result)).toEqual(Array.from({ length: 30 }, () => 'a'));
  });
});
