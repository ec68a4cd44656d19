import type { ProgressEvent } from '../model/event.ts';
import type { Clock, EventSink } from '../model/ports.ts';
import type { Recorder } from './recorder.ts';
import type { Tallies } from './tallies.ts';

/** How often the checkpoint is written, if anything is open. */
const TICK_MS = 250;
/** Progress is told once a second. */
const TICKS_A_PROGRESS = 4;

/** What the ticker looks at. */
export interface Ticked {
  readonly clock: Clock;
  readonly events: EventSink;
  readonly recorder: Recorder;
  readonly tallies: Tallies;
  readonly dryRun: boolean;
  readonly inFlight: () => number;
  /** Called at each tick. */
  readonly onTick: (nowMs: number) => void;
}

/** Commits and tells progress in regular steps until it is stopped. */
export function startTicker(ticked: Ticked): { stop: () => Promise<void> } {
  const stopping = new AbortController();
  const ticking = tick(ticked, stopping.signal);
  return {
    stop: async () => {
      stopping.abort();
      await ticking;
    },
  };
}

async function tick(ticked: Ticked, stopping: AbortSignal): Promise<void> {
  const rate = { bytes: 0, at: ticked.clock.now() };
  for (let ticks = 1; ; ticks += 1) {
    try {
      await ticked.clock.sleep(TICK_MS, stopping);
    } catch {
      return;
    }
    ticked.recorder.tick();
    ticked.onTick(ticked.clock.now());
    if (ticks % TICKS_A_PROGRESS === 0) ticked.events.emit(progress(ticked, rate));
  }
}

function progress(ticked: Ticked, rate: { bytes: number; at: number }): ProgressEvent {
  const now = ticked.clock.now();
  const { bytes } = ticked.tallies;
  const dueMs = TICK_MS * TICKS_A_PROGRESS;
  const passedMs = now - rate.at;
  // A wall clock that was set tells nothing; the steps themselves are regular.
  const isSet = passedMs <= 0 || passedMs > 60 * dueMs;
  const seconds = (isSet ? dueMs : passedMs) / 1000;
  const bytesPerSecond = Math.round((bytes - rate.bytes) / seconds);
  rate.bytes = bytes;
  rate.at = now;
  const { planned, listed, ...counts } = ticked.tallies.counts;
  const inFlight = ticked.inFlight();
  return {
    event: 'progress',
    listed: listed + inFlight,
    ...counts,
    ...(ticked.dryRun ? { planned } : {}),
    bytes,
    bytesPerSecond,
    inFlight,
  };
}
