import type {
  ListingEvent,
  PassedEvent,
  ProgressEvent,
  RunEvent,
  SummaryEvent,
} from '../model/event.ts';
import type { Clock, EventSink } from '../model/ports.ts';
import { countText } from './quantity.ts';
import { scanSummaryText, scanText } from './scan-text.ts';

/** Silence for longer than this would look like a hang. */
const HEARTBEAT_MS = 10_000;
/** More are counted, not shown; `--json` has them all. */
const MOST_SHOWN = { listing: 100, passed: 20 };

export interface ScanLinesOptions {
  readonly print: (line: string) => void;
  readonly clock: Pick<Clock, 'now'>;
  /** Tells only what could not be listed. */
  readonly quiet: boolean;
}

/** A scan for people on stderr. */
export function scanLines({ print, clock, quiet }: ScanLinesOptions): EventSink {
  const shown = { listing: 0, passed: 0 };
  let lastMs = clock.now();
  const tell = (line: string): void => {
    if (!quiet) print(line);
  };
  const heartbeat = ({ listed, inFlight }: ProgressEvent): void => {
    if (clock.now() - lastMs < HEARTBEAT_MS) return;
    lastMs = clock.now();
    tell(`scan: ${countText(listed)} keys, ${inFlight} pages in flight`);
  };
  const finding = (event: ListingEvent | PassedEvent): void => {
    shown[event.event] += 1;
    const isShown = shown[event.event] <= MOST_SHOWN[event.event];
    if (isShown && (event.event === 'listing' || !quiet)) print(scanText(event));
  };
  const close = (event: SummaryEvent): void => {
    const isWrong = (event.scan?.listingErrors ?? 0) > 0;
    for (const line of closing(event, shown)) if (isWrong || !quiet) print(line);
  };
  return {
    emit(event: RunEvent): void {
      switch (event.event) {
        case 'start':
          tell(`scan: ${event.resumed ? 'resuming' : 'starting'} job ${event.job}`);
          return;
        case 'listing':
        case 'passed':
          finding(event);
          return;
        case 'origin':
          tell(`origin ${event.origin}: ${event.state} (${event.reason})`);
          return;
        case 'progress':
          heartbeat(event);
          return;
        case 'summary':
          close(event);
          return;
        case 'object':
          return;
      }
    },
    flush: () => Promise.resolve(),
  };
}

function closing(event: SummaryEvent, shown: { listing: number; passed: number }): string[] {
  const hidden = hiddenText(shown);
  return [
    ...(hidden === '' ? [] : [hidden]),
    ...(event.scan === undefined ? [] : [scanSummaryText(event, event.scan)]),
  ];
}

function hiddenText({ listing, passed }: { listing: number; passed: number }): string {
  const failures = listing - MOST_SHOWN.listing;
  const links = passed - MOST_SHOWN.passed;
  return [
    ...(failures > 0 ? [`${countText(failures)} more pages were not listed`] : []),
    ...(links > 0 ? [`${countText(links)} more links were passed over`] : []),
  ].join(', ');
}
