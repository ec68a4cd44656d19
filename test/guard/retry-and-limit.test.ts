import { describe, expect, it } from 'vitest';
import { AdaptiveLimiter } from '../../src/guard/adaptive-limiter.ts';
import { concurrencyLimiter } from '../../src/guard/concurrency-limiter.ts';
import { guardAddress } from '../../src/guard/guard-address.ts';
import { limitOrigin } from '../../src/guard/limit-origin.ts';
import { retryOrigin } from '../../src/guard/retry-origin.ts';
import { TokenBucket } from '../../src/guard/token-bucket.ts';
import { Interrupted } from '../../src/model/failure.ts';
import { type Origin, readToResult } from '../../src/model/origin.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';
import {
  answerOf,
  deferred,
  failure,
  never,
  readText,
  request,
  scriptedOrigin,
  text,
} from './scripted-origin.ts';

const policy = { perAddress: 3, baseMs: 200, maxMs: 30_000 };
const refused = failure('ORIGIN_UNREACHABLE');

describe('an address that is asked again', () => {
  it('gives what a later request brings, after growing waits', async () => {
    const clock = fakeClock({ random: [0.5] });
    const origin = scriptedOrigin('a', refused, refused, 'ok');
    const read = readText(retryOrigin(origin, policy, clock, never()));
    await clock.advance(150 + 300);
    expect(await read).toBe('a');
    expect(clock.sleeps).toEqual([150, 300]);
  });

  it('is asked so many times in all, and the last failure is thrown', async () => {
    const clock = fakeClock();
    const last = failure('ORIGIN_TIMEOUT');
    const origin = scriptedOrigin('a', refused, refused, last);
    const read = readText(retryOrigin(origin, policy, clock, never())).catch(
      (error: unknown) => error,
    );
    await clock.advance(60_000);
    expect(await read).toBe(last);
    expect(origin.reads()).toBe(3);
  });

  it('is asked once where one request is allowed', async () => {
    const clock = fakeClock();
    const origin = scriptedOrigin('a', refused);
    const once = { ...policy, perAddress: 1 };
    await expect(readText(retryOrigin(origin, once, clock, never()))).rejects.toBe(refused);
    expect(clock.sleeps).toEqual([]);
  });

  it('is asked on as long as each request brings more of a body that is read on', async () => {
    const clock = fakeClock();
    const failures = Array.from({ length: 8 }, () => failure('LENGTH_MISMATCH'));
    const origin = scriptedOrigin('a', ...failures, 'ok');
    let there = 0;
    // It gets on for five requests, and is stuck from there.
    const begun = () => ({ origin: 'a', bytes: Math.min(++there, 5) * 2 ** 20 });
    const read = retryOrigin(origin, policy, clock, never())
      .read({ ...request, begun }, text, never())
      .catch((error: unknown) => error);
    await clock.advance(300_000);
    expect(await read).toBe(failures[5]);
    expect(origin.reads()).toBe(4 + 2);
  });

  it('is not asked on for bytes that were there before and got lost', async () => {
    const clock = fakeClock();
    const origin = scriptedOrigin('a', failure('LENGTH_MISMATCH'));
    // It gets as far, begins again, and gets as far, without end.
    let turn = 0;
    const begun = () => ({ origin: 'a', bytes: (turn++ % 2) * 2 ** 21 });
    const read = retryOrigin(origin, policy, clock, never())
      .read({ ...request, begun }, text, never())
      .catch((error: unknown) => error);
    await clock.advance(300_000);
    await read;
    expect(origin.reads()).toBe(3);
  });

  it('is not asked on for what another address brought', async () => {
    const clock = fakeClock();
    const origin = scriptedOrigin('a', failure('LENGTH_MISMATCH'));
    let there = 0;
    const begun = () => ({ origin: 'b', bytes: ++there * 2 ** 20 });
    const read = retryOrigin(origin, policy, clock, never())
      .read({ ...request, begun }, text, never())
      .catch((error: unknown) => error);
    await clock.advance(300_000);
    await read;
    expect(origin.reads()).toBe(3);
  });

  it('starts each request with a new reader', async () => {
    const clock = fakeClock();
    const origin = retryOrigin(scriptedOrigin('a'), policy, clock, never());
    let readers = 0;
    const read = origin.read(
      request,
      async () => {
        readers += 1;
        if (readers < 3) throw failure('LENGTH_MISMATCH');
        return Promise.resolve(readers);
      },
      never(),
    );
    await clock.advance(60_000);
    expect(await read).toBe(3);
  });

  it('waits as long as Retry-After asked', async () => {
    const clock = fakeClock();
    const throttled = failure('ORIGIN_STATUS', 'a', { status: 503, retryAfterMs: 5000 });
    const read = readText(
      retryOrigin(scriptedOrigin('a', throttled, 'ok'), policy, clock, never()),
    );
    await clock.advance(5000);
    expect(await read).toBe('a');
    expect(clock.sleeps).toEqual([5000]);
  });

  it.each([failure('ORIGIN_NOT_FOUND'), failure('BUCKET_REFUSED'), new TypeError('bug')])(
    'is not asked again after %s',
    async (error) => {
      const origin = scriptedOrigin('a', error, 'ok');
      await expect(readText(retryOrigin(origin, policy, fakeClock(), never()))).rejects.toBe(error);
      expect(origin.reads()).toBe(1);
    },
  );

  it('is not asked again once it is taken for down, before a wait or after', async () => {
    const clock = fakeClock();
    const origin = scriptedOrigin('a', refused);
    origin.usable = false;
    await expect(readText(retryOrigin(origin, policy, clock, never()))).rejects.toBe(refused);
    origin.usable = true;
    const read = readText(retryOrigin(origin, policy, clock, never())).catch(
      (error: unknown) => error,
    );
    await clock.settle();
    origin.usable = false;
    await clock.advance(10_000);
    expect(await read).toBe(refused);
    expect(origin.reads()).toBe(2);
  });

  it('stops waiting at once when it is aborted', async () => {
    const clock = fakeClock();
    const abort = new AbortController();
    const origin = scriptedOrigin('a', refused);
    const read = readText(retryOrigin(origin, policy, clock, never()), abort.signal);
    const settled = read.catch((error: unknown) => error);
    await clock.settle();
    abort.abort(new Error('interrupted'));
    expect(await settled).toEqual(new Error('interrupted'));
    expect(origin.reads()).toBe(1);
  });
});

describe('a guarded address', () => {
  const page = { headers: { 'content-type': 'text/html' }, body: new Uint8Array([1, 2]) };
  const busy = failure('ORIGIN_STATUS', 'a', { status: 502, answer: page });
  const guards = (clock: FakeClock) => {
    const host = new AdaptiveLimiter(clock);
    host.allow(4);
    return {
      retries: policy,
      limiter: concurrencyLimiter(4),
      pace: {
        host,
        requests: [new TokenBucket(1000, 10, clock)],
        bytes: [new TokenBucket(1000, 10, clock)],
        traffic: { bodyBytes: 0 },
        maxPauseMs: 1000,
        drain: never(),
      },
      breaker: { ratio: 0.5, minimumCalls: 20, windowMs: 30_000, openMs: 30_000 },
      clock,
      onState: () => undefined,
      drain: never(),
    };
  };

  it('hands on what HEAD and a range ask for and what they give, also at a later try', async () => {
    const clock = fakeClock();
    const asked: unknown[] = [];
    const origin: Origin = {
      ...scriptedOrigin('a'),
      read: async (wanted, reader) => {
        asked.push([wanted.method, wanted.range, wanted.keepAnswer]);
        wanted.onRequest('a');
        if (asked.length === 1) throw busy;
        const empty = answerOf('a', {
          bytes: () => Promise.resolve(new Uint8Array(0)),
          pipeTo: () => Promise.resolve(0),
        });
        const head = { ...empty.head, status: 206, length: 77 };
        return readToResult((answered) => answered({ ...empty, head }), reader);
      },
    };
    const wanted = { ...request, method: 'HEAD', range: 'bytes=1-77', keepAnswer: [502] } as const;
    const read = guardAddress(origin, guards(clock)).read(
      wanted,
      async (answer) => {
        const { status, length } = answer.head;
        return [status, length, (await answer.bytes(0)).length];
      },
      never(),
    );
    await clock.advance(1000);
    expect(await read).toEqual([206, 77, 0]);
    expect(asked).toEqual([
      ['HEAD', 'bytes=1-77', [502]],
      ['HEAD', 'bytes=1-77', [502]],
    ]);
  });

  it('throws the last failure with the answer that it brought along', async () => {
    const clock = fakeClock();
    const last = failure('ORIGIN_STATUS', 'a', { status: 500, answer: page });
    const origin = scriptedOrigin('a', busy, busy, last);
    const read = readText(guardAddress(origin, guards(clock))).catch((error: unknown) => error);
    await clock.advance(60_000);
    expect(await read).toMatchObject({ status: 500, answer: page });
  });
});

describe('a limiter', () => {
  it('gives out so many permits and queues the rest in their order', async () => {
    const limiter = concurrencyLimiter(2);
    const first = await limiter.acquire(never());
    await limiter.acquire(never());
    const order: string[] = [];
    const third = limiter.acquire(never()).then((release) => {
      order.push('third');
      return release;
    });
    const fourth = limiter.acquire(never()).then(() => order.push('fourth'));
    await fakeClock().settle();
    expect(order).toEqual([]);
    first();
    first();
    await fakeClock().settle();
    expect(order).toEqual(['third']);
    (await third)();
    await fourth;
    expect(order).toEqual(['third', 'fourth']);
  });

  it('forgets a waiter that is aborted, and loses no permit by it', async () => {
    const limiter = concurrencyLimiter(1);
    const release = await limiter.acquire(never());
    const abort = new AbortController();
    const left = limiter.acquire(abort.signal).catch((error: unknown) => error);
    const stays = limiter.acquire(never());
    abort.abort(new Error('gone'));
    expect(await left).toEqual(new Error('gone'));
    release();
    (await stays)();
    await limiter.acquire(never());
    await expect(limiter.acquire(AbortSignal.abort(new Error('late')))).rejects.toThrow('late');
  });
});

describe('a limited address', () => {
  it('is read by no more at once than it has permits, and frees them on failure too', async () => {
    const gate = deferred();
    const origin = scriptedOrigin('a', gate.promise, refused, 'ok');
    const limited = limitOrigin(origin, concurrencyLimiter(1));
    const reads = [readText(limited), readText(limited), readText(limited)];
    const settled = Promise.allSettled(reads);
    await fakeClock().settle();
    expect(origin.reads()).toBe(1);
    await limited.probe(never());
    gate.resolve();
    expect((await settled).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
  });

  it('holds no permit while a retry sleeps', async () => {
    const clock = fakeClock();
    const limiter = concurrencyLimiter(1);
    const guards = {
      retries: policy,
      limiter,
      breaker: { ratio: 0.5, minimumCalls: 20, windowMs: 30_000, openMs: 30_000 },
      clock,
      onState: () => undefined,
      drain: never(),
    };
    const flaky = guardAddress(scriptedOrigin('a', refused, 'ok'), guards);
    const healthy = guardAddress(scriptedOrigin('b'), guards);
    const slow = readText(flaky);
    await clock.settle();
    expect(clock.sleepers()).toBe(1);
    expect(await readText(healthy)).toBe('b');
    await clock.advance(1000);
    expect(await slow).toBe('a');
  });
});

describe('when the run is to stop', () => {
  it('there is no further try, and the read is neither a failure nor a result', async () => {
    const clock = fakeClock();
    const drain = new AbortController();
    const origin = scriptedOrigin('a', refused, 'ok');
    const read = readText(retryOrigin(origin, policy, clock, drain.signal));
    await clock.settle();
    drain.abort('SIGTERM');
    await expect(read).rejects.toBeInstanceOf(Interrupted);
    expect(origin.reads()).toBe(1);
  });
});
