import { afterEach, expect, test, vi } from 'vitest';
import { processSurroundings } from '../../src/cli/surroundings.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('the steady clock goes on where somebody sets the system back', () => {
  const { clock, steadyClock } = processSurroundings();
  const before = steadyClock.now();
  expect(Math.abs(before - clock.now())).toBeLessThan(60_000);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 });
  expect(clock.now()).toBeLessThan(before - 3_000_000);
  expect(steadyClock.now()).toBeGreaterThanOrEqual(before);
});
