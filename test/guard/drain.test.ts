import { expect, it } from 'vitest';
import { AdaptiveLimiter } from '../../src/guard/adaptive-limiter.ts';
import { concurrencyLimiter } from '../../src/guard/concurrency-limiter.ts';
import { guardAddress } from '../../src/guard/guard-address.ts';
import { Interrupted } from '../../src/model/failure.ts';
import { fakeClock } from '../support/fake-clock.ts';
import {
  deferred,
  failure,
  never,
  readText,
  scriptedOrigin,
  type Step,
} from './scripted-origin.ts';

/** An address that takes one request at a time, in a run that can be told to stop. */
function oneAtATime(...script: readonly Step[]) {
  const clock = fakeClock();
  const drain = new AbortController();
  const host = new AdaptiveLimiter(clock);
  host.allow(4);
  const origin = scriptedOrigin('a', ...script);
  const address = guardAddress(origin, {
    retries: { perAddress: 3, baseMs: 1000, maxMs: 1000 },
    limiter: concurrencyLimiter(1),
    pace: {
      ...{ host, requests: [], bytes: [], traffic: { bodyBytes: 0 } },
      ...{ maxPauseMs: 30_000, drain: drain.signal },
    },
    breaker: { ratio: 1, minimumCalls: 100, windowMs: 1000, openMs: 1000 },
    clock,
    onState: () => undefined,
    drain: drain.signal,
  });
  return { address, origin, drain, clock };
}

it('finishes what is under way when the run is to stop, and begins nothing that waits behind it', async () => {
  const body = deferred();
  const { address, origin, drain, clock } = oneAtATime(body.promise, 'ok');
  const underWay = readText(address);
  const waiting = Array.from({ length: 3 }, () =>
    readText(address).catch((error: unknown) => error),
  );
  await clock.settle();
  drain.abort('SIGTERM');
  await clock.settle();
  body.resolve();
  expect(await underWay).toBe('a');
  for (const ended of await Promise.all(waiting)) expect(ended).toBeInstanceOf(Interrupted);
  expect(origin.reads()).toBe(1);
});

it('tries nothing again that fails after the run was told to stop', async () => {
  const body = deferred();
  const { address, origin, drain, clock } = oneAtATime(body.promise, 'ok');
  const underWay = readText(address).catch((error: unknown) => error);
  const waiting = readText(address).catch((error: unknown) => error);
  await clock.settle();
  drain.abort('SIGTERM');
  body.reject(failure('LENGTH_MISMATCH', 'a'));
  expect(await underWay).toBeInstanceOf(Interrupted);
  expect(await waiting).toBeInstanceOf(Interrupted);
  expect([origin.reads(), clock.sleepers()]).toEqual([1, 0]);
});

it('an abort ends what waits behind another with its own reason', async () => {
  const body = deferred();
  const { address, origin, clock } = oneAtATime(body.promise, 'ok');
  const underWay = readText(address, never());
  const abort = new AbortController();
  const waiting = readText(address, abort.signal).catch((error: unknown) => error);
  await clock.settle();
  abort.abort(new Error('SIGINT'));
  expect(await waiting).toEqual(new Error('SIGINT'));
  body.resolve();
  await underWay;
  expect(origin.reads()).toBe(1);
});
