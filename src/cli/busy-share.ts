import type { EventLoopUtilityFunction } from 'node:perf_hooks';

/** Whose loop is measured: this thread's `performance`, or that of a worker. */
interface Measured {
  readonly eventLoopUtilization: EventLoopUtilityFunction;
}

/** Makes what tells the share of the time since it was last asked that a thread was busy. */
export function busyShareOf(thread: Measured): () => number {
  let before = thread.eventLoopUtilization();
  return () => {
    const now = thread.eventLoopUtilization();
    const { utilization } = thread.eventLoopUtilization(now, before);
    before = now;
    return utilization;
  };
}
