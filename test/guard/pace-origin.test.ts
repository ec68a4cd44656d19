import { beforeEach, describe, expect, it } from 'vitest';
import { AdaptiveLimiter } from '../../src/guard/adaptive-limiter.ts';
import { type Pace, paceOrigin } from '../../src/guard/pace-origin.ts';
import { TokenBucket } from '../../src/guard/token-bucket.ts';
import { Interrupted } from '../../src/model/failure.ts';
import { type OriginAnswer, ReadAgain } from '../../src/model/origin.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';
import {
  answerOf,
  deferred,
  failure,
  never,
  readText,
  request,
  scriptedOrigin,
  type ScriptedOrigin,
} from './scripted-origin.ts';

let clock: FakeClock;
let host: AdaptiveLimiter;
let drain: AbortController;

beforeEach(() => {
  clock = fakeClock();
  host = new AdaptiveLimiter(clock);
  host.allow(16);
  drain = new AbortController();
});

function pace(limits: { requests?: number; bytes?: number } = {}): Pace {
  const bucket = (rate: number | undefined): TokenBucket[] =>
    rate === undefined ? [] : [new TokenBucket(rate, 1, clock)];
  return {
    host,
    requests: bucket(limits.requests),
    bytes: bucket(limits.bytes),
    traffic: { bodyBytes: 0 },
    maxPauseMs: 30_000,
    drain: drain.signal,
  };
}

const throttle = (retryAfterMs?: number) =>
  failure('ORIGIN_STATUS', 'a', { status: 429, retryAfterMs });

/** An origin whose answers have a body of these chunks. */
function withBody(chunks: readonly string[], length?: number): ScriptedOrigin {
  const origin = scriptedOrigin('a');
  const pieces = chunks.map((chunk) => new TextEncoder().encode(chunk));
  const answer = answerOf('a', {
    bytes: () => Promise.reject(new Error('too long for the one who asked')),
    async pipeTo(sink) {
      for (const piece of pieces) await sink(piece);
      return pieces.reduce((sum, piece) => sum + piece.length, 0);
    },
  });
  return {
    ...origin,
    read: async (_request, reader) => {
      const read = await reader({ ...answer, head: { ...answer.head, length } });
      if (read instanceof ReadAgain) throw new Error('no second read is scripted');
      return read;
    },
  };
}

describe('what a host says', () => {
  it.each([429, 503, 509, 521])('slows all addresses of it where it says %i', async (status) => {
    const shared = pace();
    const slow = paceOrigin(
      scriptedOrigin('a', failure('ORIGIN_STATUS', 'a', { status, retryAfterMs: 3000 })),
      shared,
    );
    const other = paceOrigin(scriptedOrigin('b'), shared);
    await expect(readText(slow)).rejects.toMatchObject({ status });
    let text: string | undefined;
    const read = readText(other).then((got) => (text = got));
    await clock.advance(2999);
    expect(text).toBeUndefined();
    await clock.advance(1);
    await read;
    expect(text).toBe('b');
  });

  it('is Retry-After believed no longer than the rule retries', async () => {
    const paced = paceOrigin(scriptedOrigin('a', throttle(3_600_000), 'ok'), pace());
    await expect(readText(paced)).rejects.toMatchObject({ status: 429 });
    const read = readText(paced);
    await clock.advance(30_000);
    expect(await read).toBe('a');
  });

  it.each([
    ['an answer', 'ok' as const],
    ['a 404', failure('ORIGIN_NOT_FOUND', 'a', { status: 404 })],
    ['a 500', failure('ORIGIN_STATUS', 'a', { status: 500 })],
  ])('raises its level where it is %s', async (_, step) => {
    [host.tryAcquire(), host.tryAcquire(), host.tryAcquire()].forEach((permit, index) => {
      if (index === 0) permit?.throttled(undefined);
      permit?.release();
    });
    const paced = paceOrigin(scriptedOrigin('a', step), pace());
    expect(host.level).toBe(1);
    await readText(paced).catch(() => undefined);
    expect(host.level).toBe(2);
  });

  it('is nothing where there was no answer', async () => {
    [host.tryAcquire(), host.tryAcquire(), host.tryAcquire()].forEach((permit, index) => {
      if (index === 0) permit?.throttled(undefined);
      permit?.release();
    });
    const paced = paceOrigin(scriptedOrigin('a', failure('ORIGIN_TIMEOUT')), pace());
    await readText(paced).catch(() => undefined);
    expect(host.level).toBe(1);
  });

  it('counts from the head on, not only once a long body has ended', async () => {
    const permits = [host.tryAcquire(), host.tryAcquire(), host.tryAcquire()];
    permits[0]?.throttled(undefined);
    for (const permit of permits) permit?.release();
    const body = deferred();
    const paced = paceOrigin(scriptedOrigin('a'), pace());
    const read = paced.read(request, () => body.promise, never());
    await clock.settle();
    expect(host.level).toBe(2);
    body.resolve();
    await read;
  });

  it('is waited for by no probe, and the permit comes back after every ending', async () => {
    const origin = scriptedOrigin('a', failure('ORIGIN_TIMEOUT'), throttle(1000));
    const paced = paceOrigin(origin, pace());
    await expect(readText(paced)).rejects.toMatchObject({ code: 'ORIGIN_TIMEOUT' });
    await expect(readText(paced)).rejects.toMatchObject({ status: 429 });
    await paced.probe(never());
    expect(origin.probes()).toBe(1);
    await clock.advance(1000);
    expect(host.tryAcquire()).toBeDefined();
  });
});

describe('requests a second', () => {
  it('wait for their turn', async () => {
    const origin = scriptedOrigin('a');
    const paced = paceOrigin(origin, pace({ requests: 2 }));
    const reads = Promise.all([readText(paced), readText(paced), readText(paced)]);
    await clock.advance(499);
    expect(origin.reads()).toBe(1);
    await clock.advance(1);
    expect(origin.reads()).toBe(2);
    await clock.advance(500);
    await reads;
  });

  it('count HEAD and ranges like any other', async () => {
    const origin = scriptedOrigin('a');
    const paced = paceOrigin(origin, pace({ requests: 2 }));
    const reader = async (answer: OriginAnswer) => Promise.resolve(answer.head.status);
    const reads = Promise.all([
      paced.read({ ...request, method: 'HEAD' }, reader, never()),
      paced.read({ ...request, range: 'bytes=0-1' }, reader, never()),
    ]);
    await clock.advance(499);
    expect(origin.reads()).toBe(1);
    await clock.advance(1);
    expect(await reads).toEqual([200, 200]);
  });

  it('count redirects and second reads as well: who comes next waits for them', async () => {
    const origin = scriptedOrigin('a');
    const redirected: ScriptedOrigin = {
      ...origin,
      read: (asked, reader, signal) => {
        for (let hop = 0; hop < 3; hop += 1) asked.onRequest('a');
        return origin.read(asked, reader, signal);
      },
    };
    const paced = paceOrigin(redirected, pace({ requests: 2 }));
    await readText(paced);
    const second = readText(paced);
    await clock.advance(1499);
    expect(origin.reads()).toBe(1);
    await clock.advance(1);
    await second;
  });

  it('are not sent in a burst after a host wanted to be left alone', async () => {
    const origin = scriptedOrigin('a', throttle(10_000), 'ok');
    const paced = paceOrigin(origin, pace({ requests: 2 }));
    const reads = Array.from({ length: 5 }, () => readText(paced).catch(() => 'throttled'));
    await clock.advance(10_000);
    expect(origin.reads()).toBeLessThanOrEqual(2);
    await clock.advance(2000);
    expect(await Promise.all(reads)).toEqual(['throttled', 'a', 'a', 'a', 'a']);
  });
});

describe('bytes a second', () => {
  const read = (chunks: readonly string[], shared: Pace, limit = 100) =>
    paceOrigin(withBody(chunks), shared).read(
      request,
      async (answer) => new TextDecoder().decode(await answer.bytes(limit)),
      never(),
    );

  it('hold back each piece of a body until its turn, and change none of it', async () => {
    const got: string[] = [];
    const done = paceOrigin(withBody(['ab', 'cde', 'f']), pace({ bytes: 1 })).read(
      request,
      (answer) =>
        answer.pipeTo((chunk) => {
          got.push(new TextDecoder().decode(chunk));
        }),
      never(),
    );
    await clock.advance(1000);
    expect(got).toEqual(['ab']);
    await clock.advance(3000);
    expect(got).toEqual(['ab', 'cde']);
    await clock.advance(1000);
    expect(await done).toBe(6);
    expect(got).toEqual(['ab', 'cde', 'f']);
  });

  it('hold for bodies that are taken as one buffer', async () => {
    const whole = read(['ab', 'cde'], pace({ bytes: 1 }));
    let got: string | undefined;
    const done = whole.then((text) => (got = text));
    await clock.advance(3999);
    expect(got).toBeUndefined();
    await clock.advance(1);
    await done;
    expect(got).toBe('abcde');
  });

  it('are shared by everybody', async () => {
    const shared = pace({ bytes: 1 });
    const reads = Promise.all([read(['abc'], shared), read(['def'], shared)]);
    await clock.advance(4999);
    expect(clock.sleepers()).toBe(1);
    await clock.advance(1);
    expect(await reads).toEqual(['abc', 'def']);
  });

  it('are counted as they come, with a rate and without', async () => {
    const shared = pace();
    expect(await read(['abc', '', 'de'], shared)).toBe('abcde');
    expect(await read([], shared)).toBe('');
    expect(shared.traffic.bodyBytes).toBe(5);
  });

  it('refuse a body that is longer than its reader wants', async () => {
    await expect(read(['abc', 'def'], pace(), 5)).rejects.toMatchObject({
      code: 'LENGTH_MISMATCH',
      message: 'GET a: the body has 6 bytes or more, expected at most 5',
    });
    const declared = paceOrigin(withBody(['abcdef'], 6), pace());
    const tooLong = declared.read(request, (answer: OriginAnswer) => answer.bytes(5), never());
    await expect(tooLong).rejects.toThrow('too long for the one who asked');
  });

  it('hold for a second read of the same object', async () => {
    const shared = pace({ bytes: 1 });
    const done = paceOrigin(scriptedOrigin('a'), shared).read(
      request,
      async (first) => {
        await first.bytes(10);
        return new ReadAgain((second) => second.bytes(10));
      },
      never(),
    );
    await clock.advance(1000);
    await done;
    expect(shared.traffic.bodyBytes).toBe(2);
  });
});

describe('when the run is to stop', () => {
  it.each([
    ['its host', throttle(20_000), {}],
    ['its rate', failure('ORIGIN_TIMEOUT'), { requests: 0.01 }],
  ])('a request that still waits for %s is not sent', async (_, first, limits) => {
    const origin = scriptedOrigin('a', first, 'ok');
    const paced = paceOrigin(origin, pace(limits));
    await readText(paced).catch(() => undefined);
    const waiting = readText(paced);
    await clock.settle();
    drain.abort('SIGTERM');
    await expect(waiting).rejects.toBeInstanceOf(Interrupted);
    await clock.settle();
    expect(origin.reads()).toBe(1);
    expect(clock.sleepers()).toBe(0);
  });

  it('an abort ends the wait with its own reason', async () => {
    const paced = paceOrigin(scriptedOrigin('a', throttle(20_000)), pace());
    await readText(paced).catch(() => undefined);
    const abort = new AbortController();
    const waiting = readText(paced, abort.signal);
    await clock.settle();
    abort.abort(new Error('interrupted'));
    await expect(waiting).rejects.toThrow('interrupted');
  });
});
