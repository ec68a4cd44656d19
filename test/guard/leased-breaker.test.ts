import { expect, test } from 'vitest';
import { AdaptiveLimiter } from '../../src/guard/adaptive-limiter.ts';
import { LeasedBreaker } from '../../src/guard/leased-breaker.ts';
import { fakeClock } from '../support/fake-clock.ts';

test('a leased breaker lets pass while it is closed, and tells what came of each call', () => {
  const clock = fakeClock();
  const told: string[] = [];
  const breaker = new LeasedBreaker(clock, (verdict) => told.push(verdict));
  const ticket = breaker.admit();
  ticket?.answered();
  expect(ticket?.done('success')).toBeUndefined();
  expect(breaker.admit()?.done('failure')).toBeUndefined();
  expect(told).toEqual(['success', 'failure']);
  expect(breaker.retryAtMs()).toBe(clock.now());
  breaker.set(false);
  expect([breaker.available(), breaker.admit()]).toEqual([false, undefined]);
  expect(breaker.retryAtMs()).toBeGreaterThan(clock.now());
  breaker.set(true);
  expect(breaker.available()).toBe(true);
});

test('a host that one thread was asked to leave alone is left alone by the others', async () => {
  const clock = fakeClock();
  const told: number[] = [];
  const asked = new AdaptiveLimiter(clock, (ms) => {
    told.push(ms);
    other.leaveAlone(ms);
  });
  const other = new AdaptiveLimiter(clock, () => told.push(-1));
  asked.tryAcquire()?.throttled(500);
  expect(told).toEqual([500]);
  expect(other.tryAcquire()).toBeUndefined();
  await clock.advance(500);
  expect(other.tryAcquire()).toBeDefined();
});
