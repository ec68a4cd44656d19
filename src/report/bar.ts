import { SingleBar } from 'cli-progress';
import type { Writable } from 'node:stream';
import type { ObjectEvent, ProgressEvent, RunEvent, SummaryEvent } from '../model/event.ts';
import type { EventSink } from '../model/ports.ts';
import { PlannedLines } from './planned-lines.ts';
import { bytesText, countText } from './quantity.ts';
import { scanText } from './scan-text.ts';
import { failureText, summaryText } from './summary-text.ts';

/** Failures beyond so many are counted, not shown; `--json` and the state have them all. */
const MOST_FAILURES_SHOWN = 20;

/**
 * A line that moves on a terminal. How many entries a list holds is not known before its end, so
 * there are counts and a rate, and no percentage that would have to be a guess.
 */
export function progressBar(terminal: Writable): EventSink {
  const bar = new SingleBar({
    format:
      '{copied} copied  {skipped} skipped  {failed} failed  {bytes}  {rate}/s  {inFlight} in flight  {duration_formatted}',
    stream: terminal,
    hideCursor: true,
    clearOnComplete: true,
    // Lines above the bar wipe it; it comes back with the next frame.
    forceRedraw: true,
    fps: 5,
    gracefulExit: false,
  });
  let failures = 0;
  const planned = new PlannedLines();
  let running = false;

  const above = (line: string): void => {
    if (!running) {
      terminal.write(`${line}\n`);
      return;
    }
    // The bar redraws itself below the line.
    terminal.write(`\r\u001b[2K${line}\n`);
  };

  const object = (event: ObjectEvent): void => {
    const change = planned.of(event);
    if (change !== undefined) above(change);
    const line = failureText(event);
    if (line === undefined) return;
    failures += 1;
    if (failures <= MOST_FAILURES_SHOWN) above(line);
  };

  return {
    emit(event: RunEvent): void {
      switch (event.event) {
        case 'start':
          planned.of(event);
          above(`${event.command}: ${event.resumed ? 'resuming' : 'starting'} job ${event.job}`);
          bar.start(0, 0, fields(AT_START));
          running = true;
          return;
        case 'progress':
          bar.update(0, fields(event));
          return;
        case 'origin':
          above(`origin ${event.origin}: ${event.state} (${event.reason})`);
          return;
        case 'listing':
        case 'passed':
          above(scanText(event));
          return;
        case 'object':
          object(event);
          return;
        case 'summary':
          bar.stop();
          running = false;
          for (const line of closing(event, failures, planned.rest())) above(line);
          return;
      }
    },
    flush: () => Promise.resolve(),
  };
}

const AT_START = { copied: 0, skipped: 0, failed: 0, bytes: 0, bytesPerSecond: 0, inFlight: 0 };

function fields(progress: Omit<ProgressEvent, 'event' | 'listed'>): Record<string, string> {
  return {
    copied: countText(progress.copied),
    skipped: countText(progress.skipped),
    failed: countText(progress.failed),
    bytes: bytesText(progress.bytes),
    rate: bytesText(progress.bytesPerSecond),
    inFlight: countText(progress.inFlight),
  };
}

function closing(
  summary: SummaryEvent,
  failures: number,
  plannedRest: string | undefined,
): readonly string[] {
  const hidden = failures - MOST_FAILURES_SHOWN;
  return [
    ...(hidden > 0 ? [`${countText(hidden)} more failures are not shown`] : []),
    ...(plannedRest === undefined ? [] : [plannedRest]),
    summaryText(summary),
  ];
}
