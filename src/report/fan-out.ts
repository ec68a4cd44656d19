import type { EventSink } from '../model/ports.ts';

/** One sink that gives every event to all of `sinks`, in order. */
export function fanOut(sinks: readonly EventSink[]): EventSink {
  return {
    emit(event) {
      for (const sink of sinks) sink.emit(event);
    },
    async flush() {
      await Promise.all(sinks.map((sink) => sink.flush()));
    },
  };
}
