import { interruptionOf, runExitCode } from '../model/exit-code.ts';
import { FatalError } from '../model/failure.ts';
import type { Log } from '../report/log.ts';
import type { StopSignals } from '../run/engine.ts';
import type { Surroundings } from './surroundings.ts';

/** What stops a run, from outside or from within. */
export interface Stop extends StopSignals {
  /**
   * Ends the run as the signal would: the first call drains, the second aborts.
   * @param why what people are told of it; the signal's name where it is left out
   */
  readonly interrupt: (signal: 'SIGINT' | 'SIGTERM', why?: string) => void;
  /** Stops listening. */
  readonly release: () => void;
}

/** The first SIGINT or SIGTERM drains, the second aborts; what ends the run is the first one. */
function stopOnSignals(surroundings: Surroundings, log: Log): Stop {
  const drain = new AbortController();
  const abort = new AbortController();
  const interrupt = (signal: 'SIGINT' | 'SIGTERM', why: string = signal): void => {
    if (drain.signal.aborted) {
      abort.abort(signal);
      return;
    }
    log.info(`${why}: finishing what is in flight; once more to stop at once`);
    drain.abort(signal);
  };
  return {
    drain: drain.signal,
    abort: abort.signal,
    interrupt,
    release: surroundings.onSignal((signal) => {
      interrupt(signal);
    }),
  };
}

/**
 * Runs a command that SIGINT and SIGTERM stop. A run that is under way ends by itself and says how;
 * what is stopped before that, while it waits for a lock or an origin, ends here.
 */
export async function stoppable(
  surroundings: Surroundings,
  log: Log,
  action: (stop: Stop) => Promise<number>,
): Promise<number> {
  const stop = stopOnSignals(surroundings, log);
  try {
    const exitCode = await action(stop);
    // A reader that takes nothing would keep an aborted process alive.
    if (stop.abort.aborted) surroundings.exitNow(exitCode);
    return exitCode;
  } catch (error) {
    if (!stop.drain.aborted || error instanceof FatalError) throw error;
    return runExitCode({ kind: 'interrupted', by: interruptionOf(stop.drain) }, 0, 0);
  } finally {
    stop.release();
  }
}
