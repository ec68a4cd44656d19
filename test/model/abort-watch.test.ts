import { describe, expect, it } from 'vitest';

import { AbortWatch, markLasting } from '../../src/model/abort-watch.ts';
import { NOWHERE } from '../../src/model/row.ts';

describe('a watch for aborts', () => {
  const one = (ended: unknown[]) => ({
    place: NOWHERE,
    abort: (reason: unknown) => {
      ended.push(reason);
    },
  });

  it('ends everybody who is there when the signal aborts, and nobody who has left', () => {
    const [controller, watch] = [new AbortController(), new AbortWatch()];
    const [stays, left, other]: unknown[][] = [[], [], []];
    const leaving = one(left ?? []);
    watch.add(controller.signal, one(stays ?? []));
    watch.add(controller.signal, leaving);
    watch.add(new AbortController().signal, one(other ?? []));
    watch.delete(controller.signal, leaving);
    controller.abort('enough');
    expect([stays, left, other]).toEqual([['enough'], [], []]);
  });

  it('ends at once who comes after the abort', () => {
    const ended: unknown[] = [];
    new AbortWatch().add(AbortSignal.abort('late'), one(ended));
    expect(ended).toEqual(['late']);
  });

  it('listens once for everybody, and not at all for nobody', () => {
    const { signal } = new AbortController();
    const listeners: string[] = [];
    const spied = Object.assign(signal, {
      addEventListener: () => listeners.push('add'),
      removeEventListener: () => listeners.push('remove'),
    });
    const met: AbortSignal[] = [];
    const watch = new AbortWatch((signal) => met.push(signal));
    const all = [one([]), one([]), one([])];
    for (const each of all) watch.add(spied, each);
    for (const each of [...all, ...all]) watch.delete(spied, each);
    watch.add(spied, one([]));
    expect(listeners).toEqual(['add', 'remove', 'add']);
    expect(met).toEqual([signal]);
  });

  it('goes on listening to a signal that is for many', () => {
    const [controller, watch] = [new AbortController(), new AbortWatch()];
    const { signal } = controller;
    markLasting(signal);
    const listeners: string[] = [];
    const listen = signal.addEventListener.bind(signal);
    Object.assign(signal, {
      addEventListener: (type: 'abort', listener: () => void) => {
        listeners.push('add');
        listen(type, listener);
      },
      removeEventListener: () => listeners.push('remove'),
    });
    const [left, stays]: unknown[][] = [[], []];
    for (let times = 0; times < 3; times += 1) {
      const leaving = one(left ?? []);
      watch.add(signal, leaving);
      watch.delete(signal, leaving);
    }
    watch.add(signal, one(stays ?? []));
    controller.abort('enough');
    expect(listeners).toEqual(['add']);
    expect([left, stays]).toEqual([[], ['enough']]);
  });

  it('keeps those who came later when the first has left', () => {
    const [controller, watch] = [new AbortController(), new AbortWatch()];
    const [first, second, third]: unknown[][] = [[], [], []];
    const all = [one(first ?? []), one(second ?? []), one(third ?? [])] as const;
    for (const each of all) watch.add(controller.signal, each);
    watch.delete(controller.signal, all[0]);
    watch.delete(controller.signal, all[2]);
    watch.add(controller.signal, all[2]);
    watch.add(controller.signal, all[2]);
    controller.abort('enough');
    expect([first, second, third]).toEqual([[], ['enough'], ['enough']]);
  });
});
