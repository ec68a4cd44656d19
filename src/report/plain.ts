import type { RunEvent } from '../model/event.ts';
import type { Clock, EventSink } from '../model/ports.ts';
import { PlannedLines } from './planned-lines.ts';
import { bytesText, countText } from './quantity.ts';
import { scanText } from './scan-text.ts';
import { failureText, summaryText } from './summary-text.ts';

/** Silence for longer than this would look like a hang. */
const HEARTBEAT_MS = 10_000;
/** Failures beyond so many are counted, not shown; `--json` and the state have them all. */
const MOST_FAILURES_SHOWN = 100;

/** Plain lines for logs and terminals without cursor control: failures, a heartbeat, the summary. */
export function plainLines(print: (line: string) => void, clock: Clock): EventSink {
  let lastMs = clock.now();
  let failures = 0;
  const planned = new PlannedLines();
  return {
    emit(event: RunEvent): void {
      const change = planned.of(event);
      if (change !== undefined) print(change);
      const line = lineOf(event);
      if (line === undefined) return;
      if (event.event === 'object') {
        failures += 1;
        if (failures > MOST_FAILURES_SHOWN) return;
      }
      if (event.event === 'progress') {
        if (clock.now() - lastMs < HEARTBEAT_MS) return;
        lastMs = clock.now();
      }
      if (event.event === 'summary' && failures > MOST_FAILURES_SHOWN) {
        print(`${countText(failures - MOST_FAILURES_SHOWN)} more failures are not shown`);
      }
      const rest = event.event === 'summary' ? planned.rest() : undefined;
      if (rest !== undefined) print(rest);
      print(line);
    },
    flush: () => Promise.resolve(),
  };
}

function lineOf(event: RunEvent): string | undefined {
  switch (event.event) {
    case 'start':
      return `${event.command}: ${event.resumed ? 'resuming' : 'starting'} job ${event.job}`;
    case 'object':
      return failureText(event);
    case 'origin':
      return `origin ${event.origin}: ${event.state} (${event.reason})`;
    case 'listing':
    case 'passed':
      return scanText(event);
    case 'progress':
      return (
        `${countText(event.listed)} listed, ${countText(event.copied)} copied, ` +
        `${countText(event.skipped)} skipped, ${countText(event.failed)} failed, ` +
        `${bytesText(event.bytes)} (${bytesText(event.bytesPerSecond)}/s), ${event.inFlight} in flight`
      );
    case 'summary':
      return summaryText(event);
  }
}
