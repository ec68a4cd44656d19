import type { Mark } from './served.ts';

/** Answers of one clock hour and one rule. */
export interface GaugeCount {
  /** The hour's begin, milliseconds since the epoch; a whole number of hours. */
  readonly hourMs: number;
  /** Null for keys of no rule. */
  readonly rule: string | null;
  readonly requests: number;
  /** Those of the requests that needed an origin. */
  readonly neededOrigin: number;
}

/** A key and the last time that it needed an origin. */
export interface GaugeKey {
  readonly key: string;
  readonly rule: string | null;
  /** Where that answer came from; null where there was none. */
  readonly mark: Mark | null;
  /** Milliseconds since the epoch. */
  readonly timeMs: number;
}

/** Since when and until when answers are recorded, milliseconds since the epoch. */
export interface GaugeWatch {
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** All that is kept, of every process that adds to the store. */
export interface GaugeRecord {
  /** Undefined where nothing was ever added. */
  readonly watch: GaugeWatch | undefined;
  /** At most one an hour and rule. */
  readonly counts: readonly GaugeCount[];
  /** At most one a key. */
  readonly keys: readonly GaugeKey[];
}

/** What a store is to take in, as one durable change. */
export interface GaugeBatch {
  /** It replaces `sinceMs`; of `untilMs` the later one stays. */
  readonly watch: GaugeWatch;
  /** Added to what the store has for that hour and rule. */
  readonly counts: readonly GaugeCount[];
  /** A key replaces its earlier entry, unless that is of a later time. */
  readonly keys: readonly GaugeKey[];
  /** Counts of hours that begin before this are dropped, milliseconds since the epoch. */
  readonly dropHoursBeforeMs: number;
  /** Keys whose last time is before this are dropped, milliseconds since the epoch. */
  readonly dropKeysBeforeMs: number;
  /** Of the keys that are left, as many stay, those of the latest times. */
  readonly mostKeys: number;
}

/**
 * Where the cutover gauge survives a restart. One store serves all processes on one bucket, and its
 * counts are the sum of what they add. `test/contract/gauge-store-contract.ts` holds each
 * implementation to this.
 */
export interface GaugeStore {
  load(): Promise<GaugeRecord>;
  /** Durable, whole, when it resolves. @throws FatalError `state-unusable`. */
  add(batch: GaugeBatch): Promise<void>;
}
