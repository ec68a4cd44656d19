import type { FailureCode } from './failure.ts';
import type { Mark } from './served.ts';

/** What all answers of this process amount to. */
export interface ServeTotals {
  readonly requests: number;
  readonly hits: number;
  readonly misses: number;
  readonly shared: number;
  readonly negative: number;
  readonly proxied: number;
  readonly redirected: number;
  /** Where something failed; the origins' agreed 404 is no failure. */
  readonly errors: number;
  /** Answers that were not finished. */
  readonly cut: number;
  /** Of bodies, as handed to the connections. */
  readonly bytes: number;
}

export interface RuleStatus {
  readonly rule: string;
  /** `file`, or the vendor whose call brought it. */
  readonly source: string;
  readonly requests: number;
  readonly neededOrigin: number;
  /** Whole fetches that ended. */
  readonly fills: number;
  /** Those of the fetches that failed; the origins' agreed 404 is no failure. */
  readonly failures: number;
}

export interface OriginStatus {
  /** As shown in events: no credentials, no query. */
  readonly origin: string;
  readonly state: 'open' | 'half-open' | 'closed';
  /** Why it is so; empty where it was never open. */
  readonly reason: string;
  /** Requests for a body. */
  readonly requests: number;
  /** Until the first byte, of the last five to ten minutes; null where none came. */
  readonly firstByteMs: { readonly p50: number; readonly p99: number } | null;
}

/** Something that failed lately. Repeats of one failure of one key are one note. */
export interface FailureNote {
  /** The last time, milliseconds since the epoch. */
  readonly timeMs: number;
  readonly times: number;
  readonly key: string;
  readonly rule: string | null;
  readonly code: FailureCode;
  readonly message: string;
}

/** How much needed an origin in the last so many hours. */
export interface GaugeWindow {
  readonly hours: 1 | 24 | 168;
  /** The counts begin at the clock hour that the window begins in, milliseconds since the epoch. */
  readonly fromMs: number;
  readonly requests: number;
  readonly neededOrigin: number;
  /** Different keys that needed an origin in exactly the last `hours`. */
  readonly keys: number;
  /** There are more keys than that. */
  readonly moreKeys: boolean;
}

/** How much traffic still needs an origin, and whether the origins can be switched off. */
export interface CutoverStatus {
  readonly verdict: { readonly safe: boolean; readonly text: string };
  /** Recorded without a gap since; null where nothing was ever recorded. */
  readonly sinceMs: number | null;
  readonly windows: readonly GaugeWindow[];
  /** Those that needed an origin most first. The rule is null for keys of no rule. */
  readonly perRule: readonly {
    readonly rule: string | null;
    readonly windows: readonly GaugeWindow[];
  }[];
  /** The hours that had a request, of the last 168; oldest first. */
  readonly byHour: readonly {
    readonly hourMs: number;
    readonly requests: number;
    readonly neededOrigin: number;
  }[];
  /** The keys that needed an origin last, at most 20, latest first. */
  readonly lastKeys: readonly {
    readonly key: string;
    readonly rule: string | null;
    readonly timeMs: number;
    readonly mark: Mark | null;
  }[];
}

/** What `/api/status` gives and the status page draws. */
export interface ServeStatus {
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly startedMs: number;
  /** When this was put together, milliseconds since the epoch. */
  readonly nowMs: number;
  readonly uptimeMs: number;
  /** As shown in messages: no credentials. */
  readonly bucket: string;
  readonly state: 'serving' | 'draining';
  readonly cutover: CutoverStatus;
  readonly totals: ServeTotals;
  /** In the order of the rules that are in force. */
  readonly rules: readonly RuleStatus[];
  /** In the order of their names. */
  readonly origins: readonly OriginStatus[];
  readonly fillsUnderWay: number;
  readonly spool: {
    readonly spools: number;
    readonly memoryBytes: number;
    readonly diskBytes: number;
  };
  /** Keys whose absence at the origins is remembered. */
  readonly negativeKeys: number;
  /** At most 20, latest first. */
  readonly lastFailures: readonly FailureNote[];
}
