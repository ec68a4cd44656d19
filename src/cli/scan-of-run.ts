import type { EventSink } from '../model/ports.ts';
import type { ScanJournal } from '../model/scan-journal.ts';
import { scan, type ScanResult } from '../run/scan/scan.ts';
import type { OpenedWalks } from './open-walks.ts';
import type { OpenedRun } from './run-command.ts';

/** What a run scans, and where what it finds is written. */
export interface RunScanning {
  readonly job: string;
  readonly walks: OpenedWalks;
  readonly journal: ScanJournal;
  /** Pages at once. */
  readonly concurrency: number;
}

/**
 * Scans for a run, which tells its own beginning, progress and end.
 * @param ended aborts when nobody wants to know any more
 * @param onSaved told how much of the manifest will never change again
 */
export function scanOfRun(
  { rules, surroundings, stop, log, events }: OpenedRun,
  { job, walks, journal, concurrency }: RunScanning,
  ended: AbortSignal,
  onSaved: (manifestBytes: number) => void,
): Promise<ScanResult> {
  return scan({
    job,
    targets: walks.targets,
    rules: rules.rules,
    journal,
    events: findingsOnly(events),
    clock: surroundings.clock,
    concurrency,
    stop: {
      drain: AbortSignal.any([stop.drain, ended]),
      abort: AbortSignal.any([stop.abort, ended]),
    },
    warn: log.warn,
    onSaved,
    originRequests: walks.requests,
  });
}

/** Of a scan's events those that tell what it found, for commands that tell the rest themselves. */
export function findingsOnly(events: EventSink): EventSink {
  return {
    emit: (event) => {
      if (event.event === 'listing' || event.event === 'passed') events.emit(event);
    },
    flush: () => events.flush(),
  };
}
