import type { RunEvent } from '../model/event.ts';
import type { EventSink } from '../model/ports.ts';

/** Passes on only what is wrong: what failed to be copied or listed, and the summary that tells of it. */
export function failuresOnly(sink: EventSink): EventSink {
  return {
    emit(event: RunEvent): void {
      const isWrong =
        event.event === 'listing' ||
        (event.event === 'object' && event.outcome === 'failed') ||
        (event.event === 'summary' &&
          event.failed + event.carried.failed + event.listingErrors > 0);
      if (isWrong) sink.emit(event);
    },
    flush: () => sink.flush(),
  };
}
