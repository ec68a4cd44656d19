import type { Tally } from '../model/event.ts';
import type { EventSink } from '../model/ports.ts';
import type { ScanJournal } from '../model/scan-journal.ts';
import type { Tell } from '../run/run.ts';
import { scan, type ScanResult } from '../run/scan/scan.ts';
import { ScanTally } from '../run/scan/scan-counts.ts';
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
 * @param tell told of keys that the run's filter leaves out
 * @param ended aborts when nobody wants to know any more
 * @param onSaved told how much of the manifest will never change again
 */
export function scanOfRun(
  { rules, filter, surroundings, stop, log, events }: OpenedRun,
  { job, walks, journal, concurrency }: RunScanning,
  tell: Tell,
  ended: AbortSignal,
  onSaved: (manifestBytes: number) => void,
): Promise<ScanResult> {
  return scan({
    job,
    targets: walks.targets,
    rules: rules.rules,
    journal,
    filter,
    onFiltered:
      filter &&
      ((key, rule) => {
        tell({ key }, { outcome: 'skipped', rule, reason: 'filtered' });
      }),
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

/** What the scan of an interrupted run had told of keys that were left out. */
export function leftOutBefore({ standing }: ScanJournal): Tally {
  const { passed } = ScanTally.of(standing?.tallies ?? '').total;
  const skipped = passed.filtered ?? 0;
  return { listed: skipped, copied: 0, skipped, failed: 0 };
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
