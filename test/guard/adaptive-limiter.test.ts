import { beforeEach, describe, expect, it } from 'vitest';
import { AdaptiveLimiter, type HostPermit } from '../../src/guard/adaptive-limiter.ts';
import { slowsHost } from '../../src/guard/slows-host.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';
import { failure, never } from './scripted-origin.ts';

let clock: FakeClock;
let host: AdaptiveLimiter;

beforeEach(() => {
  clock = fakeClock();
  host = new AdaptiveLimiter(clock);
  host.allow(16);
});

/** Takes every permit that is to be had at once. */
function takeAll(): HostPermit[] {
  const permits: HostPermit[] = [];
  for (let next = host.tryAcquire(); next !== undefined; next = host.tryAcquire()) {
    permits.push(next);
  }
  return permits;
}

/** A round of requests that all get the same answer. */
function round(tell: (permit: HostPermit) => void): number {
  const permits = takeAll();
  for (const permit of permits) {
    tell(permit);
    permit.release();
  }
  return permits.length;
}

const answered = (permit: HostPermit): void => {
  permit.answered();
};
const throttled = (permit: HostPermit): void => {
  permit.throttled(undefined);
};

describe('how many requests a host takes at once', () => {
  it('is what was allowed, as long as nothing is throttled', () => {
    expect(round(answered)).toBe(16);
    host.allow(8);
    expect(round(answered)).toBe(16);
    host.allow(20);
    expect(round(answered)).toBe(20);
  });

  it('is halved by a throttle, once for a whole burst of them', () => {
    round(throttled);
    expect(host.level).toBe(8);
  });

  it('is not raised at once by a larger allowance, where the host has just throttled', () => {
    round(throttled);
    host.allow(64);
    expect(host.level).toBe(8);
  });

  it('is halved again by a throttle of what was sent after that', () => {
    round(throttled);
    round(throttled);
    expect(host.level).toBe(4);
  });

  it('is half of what was under way, where that was less than allowed', () => {
    const [first] = [host.tryAcquire(), host.tryAcquire(), host.tryAcquire(), host.tryAcquire()];
    first?.throttled(undefined);
    expect(host.level).toBe(2);
  });

  it('grows by one for each round of answers, back to what was allowed', () => {
    round(throttled);
    const rounds = Array.from({ length: 10 }, () => round(answered));
    expect(rounds).toEqual([8, 9, 10, 11, 12, 13, 14, 15, 16, 16]);
  });

  it('grows by no answer to what was sent before it fell', () => {
    const [first, ...rest] = takeAll();
    first?.throttled(undefined);
    for (const permit of rest) answered(permit);
    expect(host.level).toBe(8);
  });

  it('counts an answer once, and a permit given back twice as one', () => {
    round(throttled);
    const [permit] = takeAll();
    for (let again = 0; again < 20; again += 1) permit?.answered();
    expect(host.level).toBe(8);
    permit?.release();
    permit?.release();
    expect(takeAll()).toHaveLength(1);
  });

  it('never falls below one', async () => {
    for (let turn = 0; turn < 20; turn += 1) {
      round(throttled);
      await clock.advance(60_000);
    }
    expect(host.level).toBe(1);
    expect(takeAll()).toHaveLength(1);
  });

  it('is kept for those who wait, in their order', async () => {
    round(throttled);
    const permits = takeAll();
    const order: number[] = [];
    const waiting = [0, 1, 2].map(async (turn) => {
      const permit = await host.acquire(never());
      order.push(turn);
      return permit;
    });
    await clock.settle();
    expect(order).toEqual([]);
    permits[0]?.release();
    await clock.settle();
    expect(order).toEqual([0]);
    for (const permit of permits) permit.release();
    await Promise.all(waiting);
    expect(order).toEqual([0, 1, 2]);
  });

  it('loses nothing to a waiter that is aborted', async () => {
    round(throttled);
    const permits = takeAll();
    const abort = new AbortController();
    const gone = host.acquire(abort.signal).catch((error: unknown) => error);
    const stays = host.acquire(never());
    abort.abort(new Error('gone'));
    expect(await gone).toEqual(new Error('gone'));
    permits[0]?.release();
    (await stays).release();
    await expect(host.acquire(abort.signal)).rejects.toThrow('gone');
    expect(takeAll()).toHaveLength(1);
  });
});

describe('a host that says Retry-After', () => {
  it('gets no request before that is over, from nobody', async () => {
    const [first, ...rest] = takeAll();
    first?.throttled(5000);
    for (const permit of [first, ...rest]) permit?.release();
    expect(host.tryAcquire()).toBeUndefined();
    let started = 0;
    const waiting = [0, 1, 2].map(async () => {
      await host.acquire(never());
      started += 1;
    });
    await clock.advance(4999);
    expect(started).toBe(0);
    await clock.advance(1);
    await Promise.all(waiting);
  });

  it('is believed the longest one, also where a late answer says it', async () => {
    const permits = takeAll();
    const [first, second, third] = permits;
    first?.throttled(2000);
    second?.throttled(5000);
    third?.throttled(1000);
    const waiting = host.acquire(never());
    for (const permit of permits) permit.release();
    await clock.advance(4999);
    expect(host.paused).toBe(true);
    await clock.advance(1);
    await waiting;
    expect(host.level).toBe(8);
  });

  it('keeps no timer when nobody waits any more', async () => {
    const permits = takeAll();
    permits[0]?.throttled(5000);
    const abort = new AbortController();
    const gone = host.acquire(abort.signal).catch(() => undefined);
    await clock.settle();
    expect(clock.sleepers()).toBe(1);
    abort.abort(new Error('gone'));
    await gone;
    await clock.settle();
    expect(clock.sleepers()).toBe(0);
    const later = host.acquire(never());
    for (const permit of permits) permit.release();
    await clock.advance(5000);
    await later;
  });
});

describe('a host that throttles a single request, and does not say for how long', () => {
  it('is left alone for longer and longer, and for less again once it answers', async () => {
    const pauses: number[] = [];
    async function one(tell: (permit: HostPermit) => void): Promise<void> {
      const beforeMs = clock.now();
      let permit: HostPermit | undefined;
      const acquired = host.acquire(never()).then((got) => (permit = got));
      while (permit === undefined) await clock.advance(50);
      await acquired;
      pauses.push(clock.now() - beforeMs);
      tell(permit);
      permit.release();
    }
    for (let turn = 0; turn < 8; turn += 1) await one(throttled);
    expect(pauses).toEqual([50, 250, 500, 1000, 2000, 4000, 8000, 8000]);
    await one(answered);
    await one(answered);
    await one(throttled);
    await one(throttled);
    expect(pauses.at(-1)).toBe(2000);
  });
});

describe('what slows a host', () => {
  it.each([429, 503, 509, 520, 522, 524, 527, 529])('is status %i', (status) => {
    expect(slowsHost(failure('ORIGIN_STATUS', 'a', { status }))).toBe(true);
  });

  it.each([404, 500, 502, 504, 519, 530])('is not status %i', (status) => {
    expect(slowsHost(failure('ORIGIN_STATUS', 'a', { status }))).toBe(false);
  });

  it('is no timeout and no bug', () => {
    expect(slowsHost(failure('ORIGIN_TIMEOUT'))).toBe(false);
    expect(slowsHost(new TypeError('bug'))).toBe(false);
  });
});
