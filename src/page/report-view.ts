import type { ListingFailure } from '../model/scan-journal.ts';
import type { SummaryEvent, Tally } from '../model/event.ts';

export interface ReportExample {
  readonly key: string;
  readonly rule: string | null;
  readonly origin: string | undefined;
  readonly status: number | undefined;
  readonly attempts: number;
  readonly requestId: string | undefined;
  readonly message: string;
}

export interface ReportedClass {
  readonly kind: string;
  /** What to do about it. */
  readonly advice: string;
  readonly count: number;
  readonly codes: readonly {
    readonly code: string;
    readonly count: number;
    /** Some of them. */
    readonly examples: readonly ReportExample[];
  }[];
}

export interface ReportedOrigin {
  readonly origin: string;
  readonly copied: number;
  readonly failed: number;
  readonly bytes: number;
  readonly medianMs: number | undefined;
  readonly p99Ms: number | undefined;
}

export interface ReportedSlow {
  readonly key: string;
  readonly outcome: string;
  readonly origin: string | undefined;
  readonly bytes: number | undefined;
  readonly elapsedMs: number;
}

export interface ReportedSpan {
  readonly startMs: number;
  readonly objects: number;
  readonly failed: number;
  readonly bytes: number;
}

/** What a job's outcomes come to. */
export interface ReportedFigures {
  /** How many outcomes the state has a line of, and how many of those earlier runs left. */
  readonly lines: number;
  readonly earlier: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly bytes: number;
  readonly skipped: Readonly<Record<string, number>>;
  readonly failures: readonly ReportedClass[];
  readonly origins: readonly ReportedOrigin[];
  readonly slowest: readonly ReportedSlow[];
  readonly timeline: { readonly widthMs: number; readonly spans: readonly ReportedSpan[] };
  readonly firstMs: number | undefined;
  readonly lastMs: number | undefined;
  /** How long the last `share` of the objects took, of the time of all. */
  readonly tail: { readonly share: number; readonly ms: number; readonly ofMs: number } | undefined;
}

/** What the report page draws. */
export interface ReportView {
  readonly version: string;
  /** When it was put together, milliseconds since the epoch. */
  readonly nowMs: number;
  readonly job: string;
  readonly command: string | null;
  readonly rulesFile: string;
  /** As shown in messages: no credentials. */
  readonly bucket: string;
  readonly verdict: { readonly tone: 'yes' | 'no' | 'wait'; readonly text: string };
  readonly isRunning: boolean;
  /** What the checkpoint counts. */
  readonly totals: Tally;
  /** What the last run left about itself; null where that is nothing. */
  readonly run: {
    readonly command: string;
    readonly started: string;
    readonly ended: string | null;
    readonly interrupted: boolean;
    readonly summary: SummaryEvent | null;
  } | null;
  readonly figures: ReportedFigures;
  /** Some of what could not be listed. */
  readonly listingFailures: readonly ListingFailure[];
}
