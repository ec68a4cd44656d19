import type { JobTotals } from '../model/checkpoint.ts';
import type { ScanTotals, SummaryEvent } from '../model/event.ts';
import { runExitCode } from '../model/exit-code.ts';
import type { EventSink } from '../model/ports.ts';

/** A job that is complete as far as a retry can make it so. */
export interface Settled {
  readonly job: string;
  readonly totals: Pick<JobTotals, 'copied' | 'skipped' | 'failed'>;
  readonly scan: ScanTotals | undefined;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/** Tells beginning and end of a retry that had nothing to do, as a run does. */
export function tellNothing(
  { job, totals, scan, nowMs }: Settled,
  events: EventSink,
): SummaryEvent {
  const none = { listed: 0, copied: 0, skipped: 0, failed: 0 };
  const { copied, skipped, failed } = totals;
  const listingErrors = scan?.listingErrors ?? 0;
  const time = new Date(nowMs).toISOString();
  const summary: SummaryEvent = {
    event: 'summary',
    command: 'retry',
    ...none,
    deleted: 0,
    listingErrors,
    ...{ bytes: 0, originRequests: 0, bucketRequests: 0 },
    carried: { listed: copied + skipped + failed, copied, skipped, failed },
    resumed: true,
    elapsedMs: 0,
    ...(scan === undefined ? {} : { scan }),
    exitCode: runExitCode({ kind: 'finished' }, listingErrors, 0),
  };
  events.emit({ event: 'start', schema: 1, command: 'retry', job, time, resumed: true });
  events.emit(summary);
  return summary;
}
