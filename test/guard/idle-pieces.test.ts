import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { IdlePieces } from '../../src/guard/idle-pieces.ts';

const KIB = 1024;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('pieces that nobody needed for a while are forgotten, and the clock stops with the last', () => {
  const idle = new IdlePieces();
  const use = (count: number): void => {
    const pieces = Array.from({ length: count }, () => idle.take(KIB) ?? new Uint8Array(KIB));
    for (const piece of pieces) idle.keep(KIB, piece);
  };
  use(5);
  for (let times = 0; times < 4; times += 1) {
    vi.advanceTimersByTime(3000);
    use(2);
  }
  expect(idle.bytes).toBe(2 * KIB);
  vi.advanceTimersByTime(10_000);
  expect(idle.bytes).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
  use(1);
  expect(idle.bytes).toBe(KIB);
});
