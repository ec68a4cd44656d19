import { beforeEach, describe, expect, it } from 'vitest';
import { AdaptiveLimiter } from '../../src/guard/adaptive-limiter.ts';
import { TokenBucket } from '../../src/guard/token-bucket.ts';
import type { Clock } from '../../src/model/ports.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';
import { never } from './scripted-origin.ts';

const HOUR_MS = 3_600_000;

let time: FakeClock;
/** What the clock on the wall is off by; timers go on as ever. */
let offMs: number;
let wall: Clock;

beforeEach(() => {
  time = fakeClock();
  offMs = 0;
  wall = { ...time, now: () => time.now() + offMs };
});

describe('a clock that is set back by an hour', () => {
  function throttledHost(): AdaptiveLimiter {
    const host = new AdaptiveLimiter(wall);
    host.allow(4);
    const permit = host.tryAcquire();
    permit?.throttled(5000);
    permit?.release();
    return host;
  }

  it('keeps no host paused for longer than it asked for', async () => {
    const host = throttledHost();
    await time.advance(2000);
    expect(host.paused).toBe(true);
    offMs = -HOUR_MS;
    expect(host.paused).toBe(true);
    await time.advance(2999);
    expect(host.paused).toBe(true);
    await time.advance(1);
    expect(host.tryAcquire()).toBeDefined();
  });

  it('lets who waits for the host begin when its pause is over, looked at or not', async () => {
    const host = throttledHost();
    const waiting = host.acquire(never());
    await time.advance(1000);
    offMs = -HOUR_MS;
    await time.advance(4000);
    (await waiting).release();
    expect(time.sleepers()).toBe(0);
  });

  it('pauses a host that nobody looked at meanwhile no more than once again', async () => {
    const host = throttledHost();
    await time.advance(4000);
    offMs = -HOUR_MS;
    await time.advance(1);
    const waiting = host.acquire(never());
    await time.advance(5000);
    (await waiting).release();
  });

  it('takes no tokens from a rate, and gives it none', async () => {
    const bucket = new TokenBucket(1000, 1, wall);
    expect(bucket.take(150, never())).toBeUndefined();
    offMs = -HOUR_MS;
    expect(bucket.take(50, never())).toBeUndefined();
    const next = bucket.take(100, never());
    expect(next).toBeInstanceOf(Promise);
    await time.advance(100);
    await next;
  });

  it('makes who waits for a rate wait no more than once again', async () => {
    const bucket = new TokenBucket(1000, 1, wall);
    bucket.charge(200);
    const waiting = bucket.take(500, never());
    await time.advance(300);
    offMs = -HOUR_MS;
    await time.advance(200 + 500);
    await waiting;
  });
});
