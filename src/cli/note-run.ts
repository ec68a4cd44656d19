import { writeLastRun } from '../checkpoint/last-run.ts';
import type { RunEvent, StartEvent, SummaryEvent } from '../model/event.ts';
import { EXIT } from '../model/exit-code.ts';
import type { EventSink } from '../model/ports.ts';

/** A run's events, of which its beginning and end are noted. */
export interface NotedRun {
  readonly events: EventSink;
  /** Notes how it ended. @throws FatalError `state-unusable`. */
  readonly ended: (summary: SummaryEvent, endedMs: number) => Promise<void>;
}

/**
 * Leaves in a job's directory what `report` tells of its last run, once it begins and once it ends.
 * @param directory undefined for a run without a job, of which nothing is left
 */
export function noteRun(directory: string | undefined, events: EventSink): NotedRun {
  if (directory === undefined) return { events, ended: () => Promise.resolve() };
  let start: StartEvent | undefined;
  let noted: Promise<void> = Promise.resolve();
  const begun = (event: StartEvent): void => {
    start = event;
    const { command, time: started } = event;
    noted = writeLastRun(directory, {
      command,
      started,
      ended: null,
      interrupted: false,
      summary: null,
    });
    // What went wrong is told at the end.
    noted.catch(() => undefined);
  };
  return {
    events: {
      emit: (event: RunEvent) => {
        if (event.event === 'start') begun(event);
        events.emit(event);
      },
      flush: () => events.flush(),
    },
    ended: async (summary, endedMs) => {
      await noted;
      if (start === undefined) return;
      const { command, time: started } = start;
      const { exitCode } = summary;
      await writeLastRun(directory, {
        command,
        started,
        ended: new Date(endedMs).toISOString(),
        interrupted: exitCode === EXIT.sigint || exitCode === EXIT.sigterm,
        summary,
      });
    },
  };
}
