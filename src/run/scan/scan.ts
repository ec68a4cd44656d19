import type { ScanTotals, SummaryEvent } from '../../model/event.ts';
import { type Ending, interruptionOf, runExitCode } from '../../model/exit-code.ts';
import type { FatalError } from '../../model/failure.ts';
import type { Clock, EventSink } from '../../model/ports.ts';
import type { ObjectKey } from '../../model/object-key.ts';
import type { Rule } from '../../model/rule.ts';
import type { ScanJournal } from '../../model/scan-journal.ts';
import type { StopSignals } from '../engine.ts';
import type { KeyFilter } from '../../plan/key-filter.ts';
import { ScanTally } from './scan-counts.ts';
import { ScanSaver } from './saver.ts';
import { Walkers } from './walkers.ts';
import type { ScanTarget } from './walk-place.ts';

export interface ScanOptions {
  readonly job: string;
  readonly targets: readonly ScanTarget[];
  /** All of the file, in their order. */
  readonly rules: readonly Rule[];
  readonly journal: ScanJournal;
  /** Keys that it leaves out are passed over; absent: none are. */
  readonly filter?: KeyFilter | undefined;
  /** Told of each of them. */
  readonly onFiltered?: ((key: ObjectKey, rule: string) => void) | undefined;
  readonly events: EventSink;
  readonly clock: Clock;
  /** Places walked at once. */
  readonly concurrency: number;
  readonly stop: StopSignals;
  readonly warn: (line: string) => void;
  /** Told how much of the manifest will never change again. */
  readonly onSaved: (manifestBytes: number) => void;
  readonly originRequests: () => number;
}

export interface ScanResult {
  readonly summary: SummaryEvent;
  readonly totals: ScanTotals;
  /** Every place was walked, or could not be listed. */
  readonly finished: boolean;
  /** What ended the scan before. */
  readonly fatal: FatalError | undefined;
}

/**
 * Walks every target and writes what it holds to the journal; goes on where an interrupted scan
 * stood. Each link ends as a line of the manifest, as a further place, or with a reason.
 * @throws what is a bug; everything else is in the result.
 */
export async function scan(options: ScanOptions): Promise<ScanResult> {
  const { journal, targets, clock, events } = options;
  const startedMs = clock.now();
  const { standing } = journal;
  const tally = ScanTally.of(standing?.tallies ?? '');
  const carried = tally.total.keys;
  events.emit({
    event: 'start',
    schema: 1,
    command: 'scan',
    job: options.job,
    time: new Date(startedMs).toISOString(),
    resumed: standing !== undefined,
  });
  if (standing === undefined) {
    for (const [index, { walk }] of targets.entries()) await journal.begin(index, walk.start());
  } else options.onSaved(standing.manifestBytes);
  const walkers = new Walkers({
    ...options,
    tally,
    onRecorded: (keys) => {
      saver.note(keys);
    },
  });
  const saver = new ScanSaver({
    journal,
    tally,
    clock,
    onSaved: options.onSaved,
    onTick: () => {
      emitProgress(events, tally.total.keys - carried, walkers.inFlight);
    },
    onFailure: (error) => {
      walkers.fail(error);
    },
  });
  saver.start();
  let fatal: FatalError | undefined;
  try {
    ({ fatal } = await walkers.run());
  } finally {
    await saver.stop();
  }
  const finished = fatal === undefined && !walkers.isInterrupted;
  const summary = summaryOf(options, {
    tally,
    carried,
    startedMs,
    ending: endingOf(fatal, finished, options.stop),
  });
  return { summary, totals: tally.totals(), finished, fatal };
}

function emitProgress(events: EventSink, listed: number, inFlight: number): void {
  const nothing = { copied: 0, skipped: 0, failed: 0, bytes: 0, bytesPerSecond: 0 };
  events.emit({ event: 'progress', listed, ...nothing, inFlight });
}

function endingOf(
  fatal: FatalError | undefined,
  finished: boolean,
  { drain }: StopSignals,
): Ending {
  if (fatal !== undefined) return { kind: 'fatal', fatal: fatal.kind };
  if (finished) return { kind: 'finished' };
  return { kind: 'interrupted', by: interruptionOf(drain) };
}

function summaryOf(
  { journal, clock, originRequests }: ScanOptions,
  run: {
    readonly tally: ScanTally;
    readonly carried: number;
    readonly startedMs: number;
    readonly ending: Ending;
  },
): SummaryEvent {
  const { tally, carried, startedMs, ending } = run;
  const totals = tally.totals();
  const none = { copied: 0, skipped: 0, failed: 0 };
  return {
    event: 'summary',
    command: 'scan',
    listed: totals.keys - carried,
    ...none,
    deleted: 0,
    listingErrors: totals.listingErrors,
    bytes: 0,
    originRequests: originRequests(),
    bucketRequests: 0,
    carried: { listed: carried, ...none },
    resumed: journal.standing !== undefined,
    elapsedMs: Math.max(0, clock.now() - startedMs),
    scan: totals,
    exitCode: runExitCode(ending, totals.listingErrors, 0),
  };
}
