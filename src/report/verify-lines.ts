import type { ProgressEvent, RunEvent, SummaryEvent } from '../model/event.ts';
import { EXIT } from '../model/exit-code.ts';
import type { Clock, EventSink } from '../model/ports.ts';
import { bytesText, countText } from './quantity.ts';
import { scanSummaryText, scanText } from './scan-text.ts';
import { verifyLine, verifySummary } from './verify-text.ts';

/** Silence for longer than this would look like a hang. */
const HEARTBEAT_MS = 10_000;
/** More are counted, not shown; `--json` has them all. */
const MOST_SHOWN = { object: 100, listing: 100, passed: 20 };

type Shown = keyof typeof MOST_SHOWN;

export interface VerifyLinesOptions {
  readonly print: (line: string) => void;
  readonly clock: Pick<Clock, 'now'>;
  /** Tells only what is wrong, and sums up where something is. */
  readonly quiet: boolean;
  /** Of the sample, where there is one. */
  readonly seed: string | undefined;
}

/** A comparison for people on stderr: what is wrong, a heartbeat, the sum of it. */
export function verifyLines(options: VerifyLinesOptions): EventSink {
  const { print, clock, quiet } = options;
  const shown: Record<Shown, number> = { object: 0, listing: 0, passed: 0 };
  let lastMs = clock.now();
  const tell = (line: string): void => {
    if (!quiet) print(line);
  };
  const capped = (kind: Shown, line: string | undefined): void => {
    if (line === undefined) return;
    shown[kind] += 1;
    if (shown[kind] <= MOST_SHOWN[kind]) print(line);
  };
  const heartbeat = (progress: ProgressEvent): void => {
    if (clock.now() - lastMs < HEARTBEAT_MS) return;
    lastMs = clock.now();
    tell(progressText(progress));
  };
  return {
    emit(event: RunEvent): void {
      switch (event.event) {
        case 'start':
          tell('verify: starting');
          return;
        case 'object':
          capped('object', verifyLine(event));
          return;
        case 'listing':
          capped('listing', scanText(event));
          return;
        case 'passed':
          if (!quiet) capped('passed', scanText(event));
          return;
        case 'origin':
          tell(`origin ${event.origin}: ${event.state} (${event.reason})`);
          return;
        case 'progress':
          heartbeat(event);
          return;
        case 'summary':
          if (!quiet || event.exitCode !== 0) for (const line of closing(event)) print(line);
          return;
      }
    },
    flush: () => Promise.resolve(),
  };

  function closing(summary: SummaryEvent): readonly string[] {
    const { verify, scan } = summary;
    return [
      ...hiddenLines(shown),
      ...(scan === undefined ? [] : [scanSummaryText(ofScan(summary), scan)]),
      ...(verify === undefined ? [] : verifySummary(summary, verify, options.seed)),
    ];
  }
}

/** A scan that came to its end is not to blame for what differs. */
function ofScan(summary: SummaryEvent): SummaryEvent {
  const isScanned = summary.exitCode === EXIT.verifyDiffers || summary.exitCode === EXIT.someFailed;
  return isScanned ? { ...summary, exitCode: EXIT.complete } : summary;
}

function progressText({ listed, bytes, bytesPerSecond, inFlight }: ProgressEvent): string {
  const read = bytes === 0 ? '' : `, ${bytesText(bytes)} read (${bytesText(bytesPerSecond)}/s)`;
  return `verify: ${countText(listed)} keys looked at${read}, ${inFlight} in flight`;
}

const NAMES: Readonly<Record<Shown, string>> = {
  object: 'keys are not equal',
  listing: 'pages were not listed',
  passed: 'links were passed over',
};

function hiddenLines(shown: Readonly<Record<Shown, number>>): readonly string[] {
  const kinds: readonly Shown[] = ['object', 'listing', 'passed'];
  return kinds.flatMap((kind) => {
    const more = shown[kind] - MOST_SHOWN[kind];
    return more > 0 ? [`... ${countText(more)} more ${NAMES[kind]}; use --json`] : [];
  });
}
