import type { RunEvent } from '../model/event.ts';
import type { EventSink } from '../model/ports.ts';

/** Passes on only what is wrong: failed objects, and the summary of a run that has some. */
export function failuresOnly(sink: EventSink): EventSink {
  return {
    emit(event: RunEvent): void {
      const isWrong =
        (event.event === 'object' && event.outcome === 'failed') ||
        (event.event === 'summary' && event.failed + event.carried.failed > 0);
      if (isWrong) sink.emit(event);
    },
    flush: () => sink.flush(),
  };
}
