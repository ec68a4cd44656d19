import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Deadline } from '../../src/http/deadline.ts';

describe('a deadline', () => {
  let deadline: Deadline;
  let told: string[];

  const overdue = (name: string) => ({
    onDeadline: () => {
      told.push(name);
    },
  });

  beforeEach(() => {
    vi.useFakeTimers();
    deadline = new Deadline();
    told = [];
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is told of once, when its time is over', () => {
    deadline.set(100, overdue('a'));
    vi.advanceTimersByTime(99);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(2);
    expect(told).toEqual(['a']);
    vi.advanceTimersByTime(1000);
    expect(told).toEqual(['a']);
  });

  it('that is set again counts from then on, however often', () => {
    const one = overdue('a');
    for (let times = 0; times < 5; times += 1) {
      deadline.set(100, one);
      vi.advanceTimersByTime(70);
    }
    expect(told).toEqual([]);
    vi.advanceTimersByTime(29);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(3);
    expect(told).toEqual(['a']);
  });

  it('that is set to come sooner comes sooner', () => {
    deadline.set(1000, overdue('late'));
    deadline.set(10, overdue('soon'));
    vi.advanceTimersByTime(11);
    expect(told).toEqual(['soon']);
  });

  it('is of whoever set it last', () => {
    const [first, second] = [overdue('first'), overdue('second')];
    deadline.set(100, first);
    deadline.set(100, second);
    deadline.clear(first);
    vi.advanceTimersByTime(101);
    expect(told).toEqual(['second']);
  });

  it('is told to nobody once it is cleared, and can be set again', () => {
    const one = overdue('a');
    deadline.set(100, one);
    deadline.clear(one);
    vi.advanceTimersByTime(500);
    expect(told).toEqual([]);
    deadline.set(100, one);
    vi.advanceTimersByTime(101);
    expect(told).toEqual(['a']);
  });

  it('leaves no timer behind when it ends', () => {
    deadline.set(100, overdue('a'));
    deadline.end();
    expect(vi.getTimerCount()).toBe(0);
  });
});
