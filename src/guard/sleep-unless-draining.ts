import { Interrupted } from '../model/failure.ts';
import type { Clock } from '../model/ports.ts';

/**
 * Sleeps before a next try.
 * @throws Interrupted where the run is stopping, so that there is going to be none; the signal's
 * reason when it aborts.
 */
export async function sleepUnlessDraining(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  drain: AbortSignal,
): Promise<void> {
  try {
    await clock.sleep(ms, AbortSignal.any([signal, drain]));
  } catch (error) {
    signal.throwIfAborted();
    throw drain.aborted ? new Interrupted(drain.reason) : error;
  }
}
