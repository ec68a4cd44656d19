import type { FailureCode } from './failure.ts';
import type { PassedReason } from './walk.ts';

/** Why an entry was not copied although nothing failed. */
export type SkipReason = 'exists' | 'unchanged' | 'no-rule' | 'rule-off' | 'filtered' | 'duplicate';

/** How an entry is named in events: as text, or as base64 where its bytes are not UTF-8. */
export type EventKey = { readonly key: string } | { readonly keyBase64: string };

/** An address that was asked for the object before, and declared another length for it. */
export interface DifferingOrigin {
  readonly origin: string;
  /** What it declared. */
  readonly bytes: number;
}

export type ObjectOutcome =
  | {
      readonly outcome: 'copied';
      readonly rule: string;
      /** Bytes stored. */
      readonly bytes: number;
      /** The address that the body came from. */
      readonly origin: string;
      /** Requests for the object's body, the successful one included. */
      readonly attempts: number;
      /** The bucket's ETag of what was stored. */
      readonly etag: string;
      /** False where nothing declared the length and the rule accepts that. */
      readonly lengthVerified: boolean;
      /** Set where origins disagree about the object; their bytes were not mixed. */
      readonly differs?: readonly DifferingOrigin[];
      /** From taking the entry up to its outcome, in milliseconds. */
      readonly elapsedMs?: number;
    }
  | { readonly outcome: 'skipped'; readonly rule: string | null; readonly reason: SkipReason }
  | {
      readonly outcome: 'planned';
      readonly rule: string;
      /** Set where the object would be deleted, not copied. */
      readonly change?: 'delete';
    }
  | { readonly outcome: 'deleted'; readonly rule: string }
  | {
      readonly outcome: 'failed';
      readonly rule: string | null;
      readonly code: FailureCode;
      readonly status?: number | undefined;
      readonly origin?: string | undefined;
      readonly message: string;
      readonly attempts: number;
      /** As the origin, or the bucket, calls the request that failed, where it says so. */
      readonly requestId?: string | undefined;
      /** From taking the entry up to its outcome, in milliseconds. */
      readonly elapsedMs?: number;
    };

/** What `verify` finds of a key. */
export type VerifyOutcome =
  | { readonly outcome: 'equal'; readonly rule: string }
  /** The bucket lacks it. */
  | { readonly outcome: 'missing'; readonly rule: string }
  /** Only the bucket has it. */
  | { readonly outcome: 'extra'; readonly rule: string }
  | {
      readonly outcome: 'different';
      readonly rule: string;
      /** What differs, got and expected. */
      readonly message: string;
    }
  | {
      readonly outcome: 'unverifiable';
      readonly rule: string | null;
      /** Undefined where nothing failed: what there is to compare is not enough. */
      readonly code?: FailureCode | undefined;
      readonly status?: number | undefined;
      readonly message: string;
    };

export type ObjectEvent = { readonly event: 'object' } & EventKey & (ObjectOutcome | VerifyOutcome);

export interface StartEvent {
  readonly event: 'start';
  readonly schema: 1;
  readonly command: string;
  readonly job: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly resumed: boolean;
}

/** The breaker of an origin address, or the health check that speaks for it, changed its state. */
export interface OriginEvent {
  readonly event: 'origin';
  readonly origin: string;
  readonly state: 'open' | 'half-open' | 'closed';
  readonly reason: string;
}

export interface Tally {
  readonly listed: number;
  readonly copied: number;
  readonly skipped: number;
  readonly failed: number;
}

/** What a scan found; `links` is always `keys`, `places` and `passed` together. */
export interface ScanCounts {
  /** Pages, or other parts of an origin, that were walked to their end or until they failed. */
  readonly pages: number;
  readonly links: number;
  /** Lines of the manifest. */
  readonly keys: number;
  /** Further pages that links led to. */
  readonly places: number;
  /** By reason. */
  readonly passed: Readonly<Partial<Record<PassedReason, number>>>;
  readonly listingErrors: number;
}

/** A whole scan, the runs of it that were interrupted included. */
export interface ScanTotals extends ScanCounts {
  /** The same by the first segment of the origin key of their page; '' is the top itself. */
  readonly prefixes: Readonly<Record<string, ScanCounts>>;
  /** What lies below further prefixes, where there are too many to count each. */
  readonly otherPrefixes?: ScanCounts;
}

export interface ProgressEvent extends Tally {
  readonly event: 'progress';
  readonly planned?: number;
  readonly bytes: number;
  readonly bytesPerSecond: number;
  readonly inFlight: number;
}

export interface SummaryEvent extends Tally {
  readonly event: 'summary';
  readonly command: string;
  readonly planned?: number;
  readonly deleted: number;
  readonly listingErrors: number;
  readonly bytes: number;
  readonly originRequests: number;
  readonly bucketRequests: number;
  /** What earlier runs of this job had closed; not part of the counts above. */
  readonly carried: Tally;
  readonly resumed: boolean;
  readonly elapsedMs: number;
  /** Set where the run scanned. */
  readonly scan?: ScanTotals;
  /** Set where the run was asked to delete. */
  readonly deletes?: DeleteTotals;
  /** Set by `verify`; its keys count in `listed` alone. */
  readonly verify?: VerifyTotals;
  readonly exitCode: number;
}

/** What became of the objects that the origin lists no more. */
export interface DeleteTotals {
  readonly planned: number;
  /** Left because the origin still gives them, or somebody replaced them. */
  readonly kept: number;
  readonly failed: number;
  /** Why none was deleted, in words for people. */
  readonly refused?: string;
}

/** Which keys a run was about, as it was asked; each absent where it was not given. */
export interface KeyChoice {
  /** Ids of rules, of which the key's is one. */
  readonly rule?: readonly string[];
  readonly prefix?: string;
  /** Globs, of which a key matches any. */
  readonly include?: readonly string[];
  /** Globs, of which a key matches none. */
  readonly exclude?: readonly string[];
}

export const VERIFY_LEVELS = ['exists', 'size', 'etag', 'full'] as const;

export type VerifyLevel = (typeof VERIFY_LEVELS)[number];

export interface VerifyTotals {
  readonly level: VerifyLevel;
  /** Share of the keys that were looked at, in (0, 1]. */
  readonly sample: number;
  /** What tells which keys belong to the sample; absent where all were looked at. */
  readonly seed?: string;
  readonly equal: number;
  readonly missing: number;
  readonly extra: number;
  readonly different: number;
  readonly unverifiable: number;
  /** The keys that were looked at at all; absent where none was left out. */
  readonly filter?: KeyChoice;
  /** Over the keys that are equal; how it is made stands in the README. */
  readonly digest: string;
}

/** A part of an origin that could not be listed, or not to its end: keys below it are missing. */
export interface ListingEvent {
  readonly event: 'listing';
  readonly rule: string;
  /** Origin keys that are missing begin so; '' where any may be. */
  readonly prefix: string;
  readonly outcome: 'failed';
  readonly code: FailureCode;
  readonly status?: number | undefined;
  readonly message: string;
}

/** A link that might have led to an object, and why it was passed over. */
export interface PassedEvent {
  readonly event: 'passed';
  readonly rule: string;
  /** Of the page that holds the link. */
  readonly prefix: string;
  /** As it stands there. */
  readonly link: string;
  readonly reason: PassedReason;
}

/** One line of `--json`; the schema is in the README. */
export type RunEvent =
  | StartEvent
  | ObjectEvent
  | OriginEvent
  | ListingEvent
  | PassedEvent
  | ProgressEvent
  | SummaryEvent;
