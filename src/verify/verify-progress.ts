import type { Clock, EventSink } from '../model/ports.ts';

/** Progress is told once a second. */
const STEP_MS = 1000;

/** What is looked at for progress. */
export interface VerifyProgress {
  readonly clock: Clock;
  readonly events: EventSink;
  readonly listed: () => number;
  readonly bytes: () => number;
  readonly inFlight: () => number;
}

/** Tells progress in regular steps until it is stopped. */
export function startVerifyProgress(looked: VerifyProgress): { stop: () => Promise<void> } {
  const stopping = new AbortController();
  const telling = tell(looked, stopping.signal);
  return {
    stop: async () => {
      stopping.abort();
      await telling;
    },
  };
}

async function tell(
  { clock, events, listed, bytes, inFlight }: VerifyProgress,
  stopping: AbortSignal,
): Promise<void> {
  const none = { copied: 0, skipped: 0, failed: 0 };
  for (let before = 0; ;) {
    try {
      await clock.sleep(STEP_MS, stopping);
    } catch {
      return;
    }
    const now = bytes();
    const bytesPerSecond = now - before;
    before = now;
    const rates = { bytes: now, bytesPerSecond, inFlight: inFlight() };
    events.emit({ event: 'progress', listed: listed(), ...none, ...rates });
  }
}
