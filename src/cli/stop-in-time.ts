import type { Cleanup } from './cleanup.ts';
import type { OpenedRun } from './run-command.ts';

/**
 * Time that is up stops the run as SIGTERM would: what is in flight is finished.
 * @param maxDurationMs absent: it has all the time it takes
 */
export function stopInTime(
  maxDurationMs: number | undefined,
  { stop, surroundings }: Pick<OpenedRun, 'stop' | 'surroundings'>,
  cleanup: Cleanup,
): void {
  if (maxDurationMs === undefined) return;
  const over = new AbortController();
  cleanup.add(() => {
    over.abort();
    return Promise.resolve();
  });
  surroundings.steadyClock.sleep(maxDurationMs, over.signal).then(
    () => {
      stop.interrupt('SIGTERM', '--max-duration is over');
    },
    () => undefined,
  );
}
